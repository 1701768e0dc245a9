// What a screen reader could not tell: inputs without labels, names that lead nowhere, headings that skip a level.
() => {
  const bad = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  for (const each of all("input:not([type=hidden]), select, textarea")) if (!each.labels.length) bad.push(each.outerHTML);
  for (const each of all("a, button, h1, h2, h3")) if (!each.textContent.trim()) bad.push(each.outerHTML);
  for (const each of all("[aria-describedby], [aria-labelledby]"))
    for (const name of ["aria-describedby", "aria-labelledby"])
      for (const id of (each.getAttribute(name) || "").split(" ").filter(Boolean))
        if (!document.getElementById(id)) bad.push(`${id} of ${each.outerHTML}`);
  const ids = all("[id]").map((each) => each.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) bad.push(`twice ${id}`);
  const levels = all("h1, h2, h3, h4").map((each) => Number(each.tagName[1]));
  levels.forEach((level, at) => {
    if (at === 0 ? level !== 1 : level > levels[at - 1] + 1) bad.push(`heading ${at} is of level ${level}`);
  });
  for (const one of ["main", "body > header", "body > footer", "h1"])
    if (all(one).length !== 1) bad.push(`${all(one).length} of ${one}`);
  if (!document.documentElement.lang || !document.title) bad.push("no language or title");
  return bad;
}
