import type {
  IExecuteFunctions,
  IHookFunctions,
  IHttpRequestOptions,
  ILoadOptionsFunctions,
  IPollFunctions,
} from 'n8n-workflow';
import type { StoreDriver } from '../../../lib/store';
import { StoreRefused } from '../../../lib/store';

/** What a test says of the n8n around a node. */
export interface Around {
  readonly driver: StoreDriver;
  /** Of Smartsheet; the credential is absent without it. */
  readonly smartsheet?: { readonly base: string; readonly token: string };
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly items?: readonly object[];
  readonly mode?: string;
  readonly executionId?: string;
  readonly workflowId?: string;
  readonly runIndex?: number;
  readonly credentialId?: string;
  /** Where this n8n takes the calls of the node's webhook. */
  readonly webhookUrl?: string;
  /** Gets the address of each request to Smartsheet. */
  readonly asked?: string[];
  /** The trigger and the nodes behind it, each with the names of those right behind it. */
  readonly workflow?: readonly WorkflowNode[];
  /** Gets each line of the log. */
  readonly logged?: string[];
}

export interface WorkflowNode {
  readonly name: string;
  readonly type: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly disabled?: boolean;
  readonly to?: readonly string[];
}

const STORE = 'http://store.test';
const RPC = `${STORE}/rest/v1/rpc/`;

export type Lent = IExecuteFunctions & IHookFunctions & ILoadOptionsFunctions & IPollFunctions;

/** What n8n lends to a node, over a real store and a real Smartsheet of the test; credentials are added to requests here. */
export function contextOf(around: Around): Lent {
  const { parameters = {}, items = [], mode = 'trigger', executionId = '1', workflowId = 'w1', runIndex = 0 } = around;
  const { credentialId = 'c1', asked = [], logged = [], workflow = [] } = around;
  const credentials: Readonly<Record<string, Record<string, string> | undefined>> = {
    billingAuditStoreApi: { address: STORE, apiKey: 'key' },
    billingAuditSmartsheetApi: around.smartsheet,
  };
  const told = (message: string): void => void logged.push(message);
  const context = {
    getNode: () => ({
      id: 'node-1',
      typeVersion: 1,
      position: [0, 0],
      ...(workflow[0] ?? { name: 'Under test', type: 'test' }),
      parameters: workflow[0]?.parameters ?? {},
      credentials: { billingAuditSmartsheetApi: { id: credentialId, name: 'Smartsheet' } },
    }),
    getChildNodes: (name: string) => behind(workflow, name),
    getParentNodes: (name: string) => before(workflow, name),
    getWorkflow: () => ({ id: workflowId, name: 'Test', active: true }),
    getMode: () => mode,
    getExecutionId: () => executionId,
    getInstanceId: () => 'this n8n',
    getWorkflowDataProxy: () => ({ $runIndex: runIndex }),
    getInputData: () => items.map((json) => ({ json })),
    getNodeParameter: (name: string, _item: number, fallback: unknown) => parameters[name] ?? fallback,
    getNodeWebhookUrl: () => around.webhookUrl,
    getCurrentNodeParameter: (name: string) => parameters[name],
    getCredentials: (name: string) => {
      const found = credentials[name];
      return found
        ? Promise.resolve(found)
        : Promise.reject(new Error(`Node does not have any credentials set for "${name}"`));
    },
    continueOnFail: () => false,
    executeWorkflow: () => undefined,
    logger: { debug: told, info: told, warn: told, error: told },
    helpers: {
      httpRequestWithAuthentication: (name: string, options: IHttpRequestOptions) =>
        options.url.startsWith(RPC)
          ? rpc(around.driver, options)
          : sent(options, credentials[name]?.['token'] ?? '', asked),
    },
  };
  return askedAsMethods(context) as unknown as Lent;
}

/** The methods of a real n8n are of a class: taken out of it they do not work. */
function askedAsMethods(context: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const strict = Object.entries(context).map(([name, value]) => {
    if (typeof value !== 'function') return [name, value] as const;
    const method = value as (...given: readonly unknown[]) => unknown;
    return [
      name,
      function (this: unknown, ...given: readonly unknown[]): unknown {
        if (this === undefined) throw new TypeError(`${name} was taken out of its context, where n8n's does not work.`);
        return method(...given);
      },
    ] as const;
  });
  return Object.fromEntries(strict);
}

async function rpc(driver: StoreDriver, { url, body }: IHttpRequestOptions): Promise<object> {
  const { p } = JSON.parse(String(body)) as { readonly p: unknown };
  try {
    const answer = await driver.rpc(url.slice(RPC.length) as `billing_audit_${string}`, p);
    return { statusCode: 200, headers: {}, body: JSON.stringify(answer) };
  } catch (thrown) {
    if (!(thrown instanceof StoreRefused)) throw thrown;
    return { statusCode: 400, headers: {}, body: JSON.stringify({ code: thrown.sqlstate, message: thrown.message }) };
  }
}

async function sent(
  { method = 'GET', url, headers, body }: IHttpRequestOptions,
  token: string,
  asked: string[],
): Promise<object> {
  asked.push(url);
  const answer = await fetch(url, {
    method,
    headers: { ...(headers as object), authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: String(body) }),
  });
  return { statusCode: answer.status, headers: {}, body: await answer.text() };
}

/** As n8n's `getChildNodes`: all that can be reached, not only the next. */
function behind(workflow: readonly WorkflowNode[], name: string): readonly object[] {
  const found = new Set<string>();
  const follow = (from: string): void => {
    for (const next of workflow.find((node) => node.name === from)?.to ?? []) {
      if (!found.has(next)) follow((found.add(next), next));
    }
  };
  follow(name);
  return workflow
    .filter((node) => found.has(node.name))
    .map(({ to: _to, ...node }) => ({ typeVersion: 1, disabled: false, parameters: {}, ...node }));
}

/** As n8n's `getParentNodes`: all from which it can be reached. */
function before(workflow: readonly WorkflowNode[], name: string): readonly object[] {
  return workflow
    .filter((node) => behind(workflow, node.name).some((each) => (each as WorkflowNode).name === name))
    .map(({ to: _to, ...node }) => ({ typeVersion: 1, disabled: false, parameters: {}, ...node }));
}
