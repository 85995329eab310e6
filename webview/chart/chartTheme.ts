import { signal } from '@preact/signals';

/** What a canvas cannot take from a style sheet. */
export interface ChartTheme {
  training: string;
  validation: string;
  /** Runs that are compared: as many colours as there may be runs. */
  runs: readonly string[];
  axis: string;
  grid: string;
  /** Behind a phase in which blocks of the backbone train. */
  thawed: string;
  frozen: string;
  background: string;
  font: string;
  /** Lines are drawn stronger. */
  highContrast: boolean;
}

const RUN_COLORS = [
  'charts-purple',
  'charts-green',
  'charts-orange',
  'charts-blue',
  'charts-red',
  'charts-yellow',
  'terminal-ansiCyan',
  'charts-foreground',
];

/** Read again whenever the editor's theme changes. */
export const chartTheme = signal<ChartTheme>(readTheme());

/** Follows the theme: VS Code rewrites the variables on the root and the class of the body. */
export function watchTheme(): void {
  const observer = new MutationObserver(() => (chartTheme.value = readTheme()));
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  chartTheme.value = readTheme();
}

function readTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const variable = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const foreground = variable('--vscode-foreground', '#808080');
  const { classList } = document.body;
  return {
    training: variable('--vscode-charts-purple', foreground),
    validation: variable('--vscode-charts-green', foreground),
    runs: RUN_COLORS.map((name) => variable(`--vscode-${name}`, foreground)),
    axis: variable('--vscode-descriptionForeground', foreground),
    grid: variable('--vscode-charts-lines', foreground),
    thawed: variable('--vscode-charts-orange', variable('--vscode-editorWarning-foreground', foreground)),
    frozen: variable('--vscode-charts-blue', foreground),
    background: variable('--vscode-editor-background', 'transparent'),
    font: `11px ${variable('--vscode-font-family', 'sans-serif')}`,
    highContrast: classList.contains('vscode-high-contrast') || classList.contains('vscode-high-contrast-light'),
  };
}
