// Unpacks a saved page and begins it: its modules, as they stand in the file, and its data, packed by gzip and written as base64. It is put
// into the page as a classic script, because modules of one file cannot name each other before there is a map of their names.

(async () => {
  const all = (name) => [...document.querySelectorAll(`script[data-${name}]`)], one = (selector) => document.querySelector(selector);
  const instead = one(".saved-instead");
  try {
    const names = all("module").map(({ dataset, text }) => [dataset.module, `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`]);
    const map = Object.assign(document.createElement("script"), { type: "importmap", text: JSON.stringify({ imports: Object.fromEntries(names) }) });
    document.head.append(map);
    const unpack = async ({ dataset, text }) => {
      const packed = new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]).stream();
      return [dataset.file, URL.createObjectURL(await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).blob())];
    };
    const files = Object.fromEntries(await Promise.all(all("file").map(unpack)));
    const { map: data, titles } = JSON.parse(one("script[data-told]").text, (_, value) => files[value] ?? value);
    const { begin } = await import("saved/saved.js");
    await begin(one(".live"), one(".saved-layers"), data, titles);
    instead.remove();
  } catch (error) {
    instead.textContent = `This page could not begin: ${error.message}. It needs a browser of 2023 or later.`;
    console.error(error);
  }
})();
