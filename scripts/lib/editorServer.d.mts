export interface EditorServer {
  /** `http://127.0.0.1:port` */
  address: string;
  /** Folder of the profile. */
  data: string;
  ended: Promise<number>;
  /** Ends the server and every process it started. */
  stop: () => Promise<void>;
}

export interface EditorServerOptions {
  data: string;
  port?: number;
  askTrust?: boolean;
  withThaw?: boolean;
  vsix?: string;
  extensions?: string[];
  settings?: Record<string, unknown>;
  environment?: Record<string, string>;
}

export function startEditorServer(
  programs: { node: string; entry: string },
  options: EditorServerOptions,
): Promise<EditorServer>;
