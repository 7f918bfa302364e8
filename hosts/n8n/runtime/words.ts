/**
 * What the shared code says to people in words that n8n has no meaning for (variables of the environment, deploying), and
 * how n8n says it. Each phrase stands in the source as it is here; a test looks for it there.
 */
export const PHRASES: readonly (readonly [shared: string, inN8n: string])[] = [
  ['look at the message with a debug node', 'look at what came in beside the form of this node'],
  ['in the Smartsheet credential, or SMARTSHEET_ACCESS_TOKEN:', 'in the Smartsheet credential:'],
  ['SMARTSHEET_API_BASE is the address of its region', 'the API Address of the credential is that of its region'],
  [' (SMARTSHEET_ACCESS_TOKEN)', ''],
  ['the API address (SMARTSHEET_API_BASE)', 'the API Address of the credential'],
  ['check the public address in the node, or PUBLIC_URL', 'check WEBHOOK_URL of n8n'],
  [
    'Open PUBLIC_URL/health from outside; it must answer,',
    'Open the address of this n8n from outside; it must answer,',
  ],
  ['Check that PUBLIC_URL reaches this server', 'Check that WEBHOOK_URL reaches this n8n'],
  ['then deploy again', 'then publish the workflow again'],
  ['deploying the trigger again', 'publishing the workflow again'],
  ['deploy the Smartsheet Trigger again', 'publish the workflow again'],
  ['Other column names in Billing settings', 'Other Column Names in the Billing Audit Store credential'],
  [
    'Sign in, or set the field to the JSONata expression $exists(_client) ? _client.user.name : payload.approver',
    'Fill the field in, for example with an expression such as {{ $json.approver }}',
  ],
  ['is empty: nobody is signed in, or the field was never filled', 'is empty'],
  ['A request to /webhook was refused', 'A call of Smartsheet Trigger was refused'],
  [
    'Another node or middleware reads the body of /webhook first.',
    'Does a proxy in front of n8n change the Content-Type? Smartsheet sends application/json.',
  ],
];

/** The sentence as people know n8n. */
export function inWordsOfN8n(text: string): string {
  return PHRASES.reduce((said, [shared, inN8n]) => said.replaceAll(shared, inN8n), text);
}
