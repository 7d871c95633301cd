// Files a person dropped or chose, folders included, with their names below what was chosen.

export interface Chosen {
  /** "drawings/a/b.pdf": what reports and tables call it. */
  name: string;
  file: File;
}

/** From an input element; one for folders gives paths. */
export function fromInput(list: FileList): Chosen[] {
  return Array.from(list, (file) => ({ name: file.webkitRelativePath || file.name, file })).filter(isWanted);
}

/** From a drop. Must be called within its event: the browser takes the items away after it. */
export function fromDrop(transfer: DataTransfer): Promise<Chosen[]> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return Promise.all(entries.map((entry) => walk(entry, ""))).then((found) => found.flat().filter(isWanted));
}

/** What file managers leave behind is nobody's drawing. */
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
  // A reader gives at most a hundred at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const inside of some) found.push(...(await walk(inside, `${name}/`)));
  }
}
