/** The face of sign-in: who people are, what they may reach, and the only door to the server. */
export { accessLine, type AccessEvent, type OnAccess } from './access-event';
export type { Account, AccountProvider, Role } from './account';
export { ROLES } from './account';
export { AccountFile } from './account-file';
export { browserName } from './browser-name';
export { RefusalReports } from './refusal-reports';
export { answerFailure } from './answer-failure';
export type { RouteRight } from './area';
export { dashboardAccess, type DashboardAccess, type DashboardUser } from './dashboard-access';
export { refusal, type Policy, type RefusalName, type Scope } from './decision';
export { EditorPass } from './editor-pass';
export type { NewPassword } from './first-passwords';
export { arrivalOf, FrontDoor, type Arrival, type RefusedForm } from './front-door';
export { refuseForm } from './page-request';
export { signInPages } from './routes';
export type { RequestFacts } from './request-facts';
export { SessionFile } from './session-file';
export { SignIn, type Visitor } from './sign-in';
