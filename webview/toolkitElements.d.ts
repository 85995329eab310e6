import type { ComponentChildren, JSX } from 'preact';

interface ToolkitElement {
  children?: ComponentChildren;
  class?: string;
  id?: string;
  title?: string;
  disabled?: boolean;
  'aria-label'?: string;
  'aria-describedby'?: string;
  onClick?: (event: MouseEvent) => void;
}

interface ToolkitButton extends ToolkitElement {
  appearance?: 'primary' | 'secondary' | 'icon';
}

interface ToolkitCheckbox extends ToolkitElement {
  checked?: boolean;
  onChange?: (event: JSX.TargetedEvent<HTMLInputElement>) => void;
}

declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      'vscode-button': ToolkitButton;
      'vscode-checkbox': ToolkitCheckbox;
    }
  }
}
