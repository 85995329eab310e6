/** Stands for the API of VS Code, which is there inside the extension host only. */
export const isAbsent = true;
