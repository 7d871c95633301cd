// Collects dropped or chosen files, also from folders, with their paths relative to the chosen item.

export interface Chosen {
  /** "drawings/a/b.pdf": the name in reports and tables. */
  name: string;
  file: File;
}

/** Returns the files of an input element; an input for folders provides paths. */
export function fromInput(list: FileList): Chosen[] {
  return Array.from(list, (file) => ({ name: file.webkitRelativePath || file.name, file })).filter(isWanted);
}

/** Returns dropped files. Must be called within the drop event: the items are invalid afterwards. */
export function fromDrop(transfer: DataTransfer): Promise<Chosen[]> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return Promise.all(entries.map((entry) => walk(entry, ""))).then((found) => found.flat().filter(isWanted));
}

/** Returns false for files that file managers create. */
function isWanted({ name }: Chosen): boolean {
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last !== ".DS_Store" && last !== "Thumbs.db" && last !== "desktop.ini";
}

async function walk(entry: FileSystemEntry, above: string): Promise<Chosen[]> {
  const name = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ name, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Chosen[] = [];
  // `readEntries` returns at most a hundred entries per call, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const inside of some) found.push(...(await walk(inside, `${name}/`)));
  }
}
