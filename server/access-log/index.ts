export { accessRoute } from './access-route';
export { AccessRecorder } from './access-recorder';
export { commandRun, tellCommand } from './from-command';
export { accessOfDoor, settingsWritten } from './from-door';
export { EditorWatch, type Deploy } from './editor-watch';
export { AccessSpool } from './access-spool';
