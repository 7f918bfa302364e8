import { ControlRefusal } from '../errors';
import type { ControlApi } from './routes';
import type { PracticeOffice } from '../practice/practice-office';

/** `GET /sandbox/practice`, `POST /sandbox/practice/start`; without a practice office both are 404. */
export function addPracticeRoutes(control: ControlApi, practice: PracticeOffice | undefined): void {
  const present = () => {
    if (practice !== undefined) return practice;
    throw new ControlRefusal('There is no practice office.', 'Start the sandbox with --practice.', 404);
  };
  control
    .on('GET', '/sandbox/practice', () => present().status())
    .on('POST', '/sandbox/practice/start', () => present().start());
}
