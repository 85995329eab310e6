import { describe, expect, it } from 'vitest';
import { planEditorHtml } from '../../../src/extension/planEditorHtml.ts';

const page = {
  source: 'https://*.example.test',
  nonce: 'bm9uY2U',
  script: 'https://file.example.test/dist/webview.js',
  style: 'https://file.example.test/dist/webview.css',
  title: 'digits.finetune.json',
  language: 'en',
};

/** Directives of the page's Content Security Policy. */
function policyOf(html: string): Record<string, string> {
  const content = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
  const directives = content.replaceAll('&#39;', "'").split('; ');
  return Object.fromEntries(directives.map((each) => [each.split(' ')[0], each.split(' ').slice(1).join(' ')]));
}

describe('planEditorHtml', () => {
  it('allows nothing but what the editor needs', () => {
    expect(policyOf(planEditorHtml(page))).toEqual({
      'default-src': "'none'",
      'img-src': 'https://*.example.test data:',
      'style-src': 'https://*.example.test',
      'font-src': 'https://*.example.test',
      'script-src': "'nonce-bm9uY2U'",
    });
  });

  it('runs one script, with the nonce, and no code or style in the page itself', () => {
    const html = planEditorHtml(page);
    expect(html.match(/<script[^>]*>/g)).toEqual([`<script nonce="bm9uY2U" src="${page.script}">`]);
    expect(html).toContain('<div id="app"></div>');
    expect(html).not.toMatch(/<style|style=| on\w+=/);
  });

  it('writes the name of a plan as text, whatever it is', () => {
    const html = planEditorHtml({ ...page, title: '</title><script>"&' });
    expect(html).toContain('<title>&lt;/title&gt;&lt;script&gt;&quot;&amp;</title>');
  });
});
