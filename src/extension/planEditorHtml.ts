/** What the page of the plan editor is made of. */
export interface PlanEditorPage {
  /** `webview.cspSource`. */
  source: string;
  /** New for every page. */
  nonce: string;
  /** Addresses for the webview. */
  script: string;
  style: string;
  title: string;
  /** Language of the editor, such as `en`. */
  language: string;
}

/**
 * The page of the plan editor. It may load Thaw's own style, fonts and images and run the one script that carries the
 * nonce; nothing of a workspace is written into it but the name of the plan.
 */
export function planEditorHtml({ source, nonce, script, style, title, language }: PlanEditorPage): string {
  const policy = [
    "default-src 'none'",
    `img-src ${source} data:`,
    `style-src ${source}`,
    `font-src ${source}`,
    `script-src 'nonce-${nonce}'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeHtml(language)}">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escapeHtml(title)}</title>
    <link rel="stylesheet" href="${escapeHtml(style)}" />
  </head>
  <body>
    <div id="app"></div>
    <script nonce="${escapeHtml(nonce)}" src="${escapeHtml(script)}"></script>
  </body>
</html>
`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}
