import { CsvError, parse } from 'csv-parse/sync';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SPLITS, type FileProblem, type Split } from '../shared/dataSummary.ts';
import { ThawError } from '../shared/errors.ts';
import { examine, rootError } from './dataEntries.ts';

/** A usable line of a table. */
export interface TableRow {
  file: string;
  label: string;
  split: Split | null;
  /** Images with the same group belong together; null is a group of its own. */
  group: string | null;
}

/** A table and what is wrong with it. */
export interface DataTable {
  /** Labels of all rows: a class whose files are all missing must not vanish in silence. */
  labels: string[];
  rows: TableRow[];
  problems: FileProblem[];
}

interface Line {
  cells: string[];
  line: number;
}

/** Positions of the columns; split and group are optional. */
interface Columns {
  path: number;
  label: number;
  split: number;
  group: number;
}

const WITHOUT_HEADER: Columns = { path: 0, label: 1, split: 2, group: 3 };
const MOST_COLUMNS = 4;
const LINES_AT_ONCE = 256;

/** The split a folder or cell is named after (`val` is short for `validation`), in any case. */
export function splitNamed(name: string): Split | undefined {
  const lower = name.toLowerCase();
  return lower === 'val' ? 'validation' : SPLITS.find((split) => split === lower);
}

/**
 * Reads a CSV file of images: `path,label[,split][,group]`, UTF-8, paths relative to the file. A first line that names the
 * columns `path` and `label` is a header and may put them in any order. Rows whose file is missing, empty, no image or
 * listed before become problems.
 *
 * @throws ThawError `dataTable` with the line that is malformed, `dataFolderMissing`, `notPermitted`
 */
export async function readDataTable(table: string): Promise<DataTable> {
  const records = await readRecords(table);
  const header = headerOf(records[0]?.cells ?? []);
  const body = header ? records.slice(1) : records;
  const rows = body.map((record) => rowOf(record, header ?? WITHOUT_HEADER, table));
  const withSplit = rows.findIndex(({ split }) => split !== null);
  const withoutSplit = rows.findIndex(({ split }) => split === null);
  if (withSplit >= 0 && withoutSplit >= 0) {
    throw malformed(table, body[withoutSplit].line, 'there is no split here, though other lines have one');
  }
  return { labels: rows.map(({ label }) => label), ...(await usableRows(rows, body)) };
}

async function readRecords(table: string): Promise<Line[]> {
  const bytes = await readFile(table).catch((error: unknown) => {
    throw rootError(error, table);
  });
  const records: Line[] = [];
  try {
    parse(bytes, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      on_record: (cells, { lines }) => {
        records.push({ cells, line: lines });
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? error.lines : 1;
    throw malformed(table, line, error.code.includes('QUOTE') ? 'the quotation marks do not match' : error.message);
  }
  return records;
}

function headerOf(cells: string[]): Columns | null {
  const names = cells.map((cell) => cell.toLowerCase());
  const [path, label, split, group] = ['path', 'label', 'split', 'group'].map((name) => names.indexOf(name));
  const columns = { path, label, split, group };
  return columns.path >= 0 && columns.label >= 0 ? columns : null;
}

function rowOf({ cells, line }: Line, columns: Columns, table: string): TableRow {
  const path = cells[columns.path] ?? '';
  const label = cells[columns.label] ?? '';
  const splitName = cells[columns.split] ?? '';
  const group = cells[columns.group] ?? '';
  if (columns === WITHOUT_HEADER && cells.length > MOST_COLUMNS) {
    throw malformed(table, line, `there are ${cells.length} columns (quote a path or label that holds a comma)`);
  }
  if (path === '') throw malformed(table, line, 'the path is missing');
  if (label === '') throw malformed(table, line, 'the label is missing');
  const split = splitName === '' ? null : splitNamed(splitName);
  if (split === undefined) {
    throw malformed(table, line, `"${splitName}" is not a split (they are train, validation and test)`);
  }
  return { file: resolve(dirname(table), path), label, split, group: group === '' ? null : group };
}

async function usableRows(rows: TableRow[], body: Line[]): Promise<Omit<DataTable, 'labels'>> {
  const usable: TableRow[] = [];
  const problems: FileProblem[] = [];
  const lineOf = new Map<string, number>();
  for (let start = 0; start < rows.length; start += LINES_AT_ONCE) {
    const some = rows.slice(start, start + LINES_AT_ONCE);
    const entries = await Promise.all(some.map(({ file }) => examine(file, false)));
    entries.forEach((entry, offset) => {
      const row = some[offset];
      const earlier = lineOf.get(row.file);
      const { line } = body[start + offset];
      if (entry.kind === 'unusable') problems.push({ file: row.file, problem: entry.problem });
      else if (entry.kind === 'folder') problems.push({ file: row.file, problem: 'not an image file' });
      else if (earlier !== undefined) {
        problems.push({
          file: row.file,
          problem: `listed in line ${earlier} and again in line ${line}, which is left out`,
        });
      } else {
        lineOf.set(row.file, line);
        usable.push(row);
      }
    });
  }
  return { rows: usable, problems };
}

function malformed(path: string, line: number, detail: string): ThawError {
  return new ThawError({ reason: 'dataTable', path, line, detail });
}
