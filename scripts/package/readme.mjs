/**
 * The readme as it stands in a package: without pictures that are not in it, and with plain words in place of links to
 * files that are not. In a row of links with dots between them such a link is left out.
 *
 * @param {string} text Markdown
 * @param {(path: string) => boolean} isShipped
 * @returns {string}
 */
export function packagedReadme(text, isShipped) {
  const leadsNowhere = (path) => isRelative(path) && !isShipped(path);
  return text
    .replace(/^!\[[^\]]*\]\(([^)\s]+)\)\n+/gm, (picture, path) => (leadsNowhere(path) ? '' : picture))
    .replace(/(?<!!)\[([^\]]+)\]\(([^)\s]+)\)( ·\s)?/g, (link, words, path, dot) => {
      if (!leadsNowhere(path)) return link;
      return dot === undefined ? words : '';
    });
}

/**
 * Paths of the pictures in a readme that are files of its own package.
 *
 * @param {string} text Markdown, with HTML in it or not
 * @returns {string[]}
 */
export function picturesIn(text) {
  const markdown = [...text.matchAll(/!\[[^\]]*\]\(\s*<?([^)\s>]+)/g)];
  const html = [...text.matchAll(/<img\b[^>]*?\bsrc\s*=\s*["']?([^"'\s>]+)/gi)];
  return [...markdown, ...html].map(([, path]) => path).filter(isRelative);
}

/** Neither an address nor a place in the readme itself. */
function isRelative(path) {
  return !/^([a-z][a-z\d+.-]*:|\/\/|#)/i.test(path);
}
