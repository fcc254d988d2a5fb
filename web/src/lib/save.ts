/** Have the browser save a file that the page has. */
export function save(name: string, parts: BlobPart[], type = "text/plain;charset=utf-8"): void {
  const address = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
