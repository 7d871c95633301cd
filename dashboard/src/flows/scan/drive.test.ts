import { expect, test } from "vitest";

import { folderId, isToken } from "./drive.ts";

test("a folder can be given by its address or its id", () => {
  const id = "1AbC_d-9";
  for (const text of [
    id,
    ` ${id} `,
    `https://drive.google.com/drive/folders/${id}`,
    `https://drive.google.com/drive/u/0/folders/${id}?usp=sharing`,
    `https://drive.google.com/open?id=${id}`,
  ]) {
    expect(folderId(text), text).toBe(id);
  }
  expect(folderId("https://drive.google.com/drive/my-drive")).toBe("root");
  for (const text of [
    "",
    "a folder",
    "https://example.com/drive/folders/1",
    "https://drive.google.com.example.com/drive/folders/1",
    "https://drive.google.com/drive/folders/a%20b",
    "https://drive.google.com/file/d/1/view",
    "javascript:alert(1)",
  ]) {
    expect(folderId(text), text).toBeNull();
  }
});

test("a token has only characters that a header allows", () => {
  expect(isToken("ya29.a0-_~+/=")).toBe(true);
  for (const text of ["", "a b", "a\nb", "ü", "a".repeat(4097)]) expect(isToken(text)).toBe(false);
});
