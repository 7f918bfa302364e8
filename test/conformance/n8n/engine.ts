import 'reflect-metadata';
import { ExecutionLifecycleHooks, PackageDirectoryLoader, WorkflowExecute } from 'n8n-core';
import {
  createRunExecutionData,
  NodeConnectionTypes,
  NodeHelpers,
  Workflow,
  type ICredentialDataDecryptedObject,
  type IHttpRequestOptions,
  type INode,
  type INodeExecutionData,
  type INodeType,
  type INodeTypes,
  type IRun,
  type IWorkflowExecuteAdditionalData,
} from 'n8n-workflow';
import type { EngineOutcome, EngineRun, GivenItem } from './protocol';

const ITEMS = 'test.items';
const NODE = 'Node under test';

/** Gives the items of a run, as whatever stands before a node would. */
const itemsNode: INodeType = {
  description: {
    displayName: 'Items',
    name: 'items',
    group: ['input'],
    version: 1,
    description: 'Gives the items of a test',
    defaults: { name: 'Items' },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    properties: [],
  },
  execute() {
    return Promise.resolve([this.getInputData()]);
  },
};

/** n8n's own engine with our package, loaded from its folder as n8n loads it; no database and no server. */
export class Engine {
  readonly #loader: PackageDirectoryLoader;

  private constructor(loader: PackageDirectoryLoader) {
    this.#loader = loader;
  }

  static async load(folder: string): Promise<Engine> {
    const loader = new PackageDirectoryLoader(folder);
    await loader.loadAll();
    return new Engine(loader);
  }

  /** Names of the node types that were loaded. */
  nodeTypes(): readonly string[] {
    return this.#loader.types.nodes.map(({ name }) => name);
  }

  /** Runs one node for the given items. @param credential  what the node's credentials hold, beside their defaults */
  async run(asked: EngineRun, credential: ICredentialDataDecryptedObject): Promise<EngineOutcome> {
    const workflow = this.#workflowFor(asked);
    const additionalData = this.#additionalData(credential);
    const finished = new Promise<IRun>((done) => {
      additionalData.hooks?.addHandler('workflowExecuteAfter', (run) => void done(run));
    });
    const start = workflow.getNode('Items') as INode;
    const items = asked.items.map((json) => ({ json })) as INodeExecutionData[];
    const data = createRunExecutionData({
      executionData: { nodeExecutionStack: [{ node: start, data: { main: [items] }, source: null }] },
    });
    await new WorkflowExecute(additionalData, 'manual', data).processRunExecutionData(workflow);
    return outcomeOf(await finished);
  }

  #workflowFor({ type, parameters, onError }: EngineRun): Workflow {
    const place = { typeVersion: 1, position: [0, 0] as [number, number] };
    const nodes: INode[] = [
      { ...place, id: 'items', name: 'Items', type: ITEMS, parameters: {} },
      {
        ...place,
        id: 'node-under-test',
        name: NODE,
        type: `${this.#loader.packageName}.${type}`,
        parameters: parameters as INode['parameters'],
        ...(onError && { onError }),
        credentials: Object.fromEntries(this.#credentialsOf(type).map((name) => [name, { id: name, name }])),
      },
    ];
    return new Workflow({
      id: 'conformance',
      nodes,
      connections: { Items: { main: [[{ node: NODE, type: NodeConnectionTypes.Main, index: 0 }]] } },
      nodeTypes: this.#types(),
      active: false,
      settings: { executionOrder: 'v1' },
    });
  }

  #credentialsOf(type: string): readonly string[] {
    const { description } = this.#loader.getNode(type).type as INodeType;
    return (description.credentials ?? []).map(({ name }) => name);
  }

  #types(): INodeTypes {
    const find = (name: string): INodeType =>
      name === ITEMS ? itemsNode : (this.#loader.getNode(name.split('.')[1] ?? '').type as INodeType);
    return { getByName: find, getByNameAndVersion: find, getKnownTypes: () => ({}) };
  }

  /** What n8n lends to an execution. The engine looks at a part of it only. */
  #additionalData(credential: ICredentialDataDecryptedObject): IWorkflowExecuteAdditionalData {
    const workflow = { id: 'conformance', name: 'Conformance', nodes: [], connections: {}, active: false };
    const part = {
      hooks: new ExecutionLifecycleHooks('manual', '1', workflow as never),
      credentialsHelper: {
        getParentTypes: () => [],
        isCredentialUsableByNode: () => true,
        preAuthentication: () => Promise.resolve(undefined),
        getDecrypted: (_: unknown, { name }: { name: string }) => Promise.resolve(this.#filled(name, credential)),
        authenticate: (held: ICredentialDataDecryptedObject, name: string, options: IHttpRequestOptions) =>
          Promise.resolve(this.#authenticated(held, name, options)),
      },
      currentNodeExecutionIndex: 0,
      executionId: '1',
      variables: {},
      setExecutionStatus: () => undefined,
      executeWorkflow: () => Promise.reject(new Error('No workflow is called here.')),
      logAiEvent: () => undefined,
      ...Object.fromEntries(ADDRESSES.map((name) => [name, `http://127.0.0.1/${name}`])),
    };
    return part as unknown as IWorkflowExecuteAdditionalData;
  }

  /** As n8n does: what the person left alone has the default of the credential's form. */
  #filled(name: string, credential: ICredentialDataDecryptedObject): ICredentialDataDecryptedObject {
    const { properties } = this.#loader.getCredential(name).type;
    const filled = NodeHelpers.getNodeParameters(properties, credential as never, true, false, null, null);
    return filled as ICredentialDataDecryptedObject;
  }

  /** Adds the headers that the credential type names, as n8n does for the kind "generic". */
  #authenticated(held: ICredentialDataDecryptedObject, name: string, options: IHttpRequestOptions) {
    const { authenticate } = this.#loader.getCredential(name).type;
    if (typeof authenticate !== 'object') throw new Error(`The credential ${name} authenticates in no way known here.`);
    const headers = Object.entries(authenticate.properties.headers ?? {}).map(([header, text]) => [
      header,
      String(text)
        .replace(/^=/, '')
        .replace(/\{\{\s*\$credentials\.(\w+)\s*\}\}/g, (_, field: string) => String(held[field])),
    ]);
    return { ...options, headers: { ...options.headers, ...(Object.fromEntries(headers) as Record<string, string>) } };
  }
}

const ADDRESSES = [
  'webhookBaseUrl',
  'webhookTestBaseUrl',
  'webhookWaitingBaseUrl',
  'formWaitingBaseUrl',
  'restApiUrl',
  'instanceBaseUrl',
];

function outcomeOf({ data, status }: IRun): EngineOutcome {
  const { runData, error } = data.resultData;
  const outputs = runData[NODE]?.[0]?.data?.['main'] ?? [];
  return {
    status,
    outputs: outputs.map((items) => (items ?? []).map(plainItem)),
    ...(error && {
      thrown: {
        name: error.name,
        message: error.message,
        description: 'description' in error ? String(error.description ?? '') : '',
        itemIndex: ('context' in error ? (error.context['itemIndex'] as number | undefined) : undefined) ?? null,
      },
    }),
  };
}

function plainItem({ json, pairedItem }: INodeExecutionData): GivenItem {
  const paired = Array.isArray(pairedItem) ? pairedItem[0] : pairedItem;
  return { json, item: typeof paired === 'object' ? paired.item : (paired ?? null) };
}
