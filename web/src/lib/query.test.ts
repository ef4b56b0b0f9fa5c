import { expect, it } from "vitest";
import { pageFrom, queryText } from "./query";

it("a query holds what is set, and nothing special in it", () => {
  expect(queryText({ search: "50% & more", page: 2, status: "", source: null, sort: undefined })).toBe(
    "?search=50%25+%26+more&page=2",
  );
  expect(queryText({ search: "" })).toBe("");
});

it("a page is a whole number from one on", () => {
  expect([null, "3", "0", "-1", "1.5", "x", ""].map(pageFrom)).toEqual([1, 3, 1, 1, 1, 1, 1]);
});
