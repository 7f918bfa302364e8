import type { Editable } from './dialog';
import { formHtml } from './form';
import { registerTypeScript, SHARED_SCRIPT } from './register-type';
import { typeOf } from './dialog';

/**
 * The editor page of one node: registration, form and help.
 * @param help  Markdown; without a heading of its own, since the sidebar shows the node's name above it
 */
export function editorPage(editable: Editable, help: string): string {
  const type = typeOf(editable);
  return `<script src="${SHARED_SCRIPT}"></script>
<script type="text/javascript">
${registerTypeScript(editable)}
</script>

<script type="text/html" data-template-name="${type}">
${formHtml(editable)}
</script>

<script type="text/markdown" data-help-name="${type}">
${help.trim()}
</script>
`;
}
