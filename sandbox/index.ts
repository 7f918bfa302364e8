/** The face of the sandbox: start one in this process, hang its command into a CLI, plan a replay for a test. */
export { startSandbox, type Sandbox } from './sandbox';
export { expectedChanges, type ExpectedChange } from './replay/expected';
export { planReplay, type Operation, type Plan } from './replay/plan';
export { readInvoiceLines, type InvoiceLine } from './replay/invoice-lines';
export { runFromCommandLine, sandboxCommand } from './command-line';
export type { SandboxOptions } from './options';
