"use strict";
(function () {
  // Everything can be read without this: it only sorts and narrows what is there.
  function number(text) {
    var value = parseFloat(text.replace(/,/g, ""));
    return isNaN(value) ? -1 : value;
  }
  function sort(table, column, th) {
    var body = table.tBodies[0], rows = Array.prototype.slice.call(body.rows);
    var down = th.getAttribute("aria-sort") === "ascending", numeric = th.classList.contains("n");
    var keyed = rows.map(function (row, i) {
      var text = row.cells[column].textContent;
      return { row: row, i: i, key: numeric ? number(text) : text };
    });
    keyed.sort(function (a, b) {
      var order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
      return (down ? -order : order) || a.i - b.i;
    });
    Array.prototype.forEach.call(th.parentNode.cells, function (other) { other.removeAttribute("aria-sort"); });
    th.setAttribute("aria-sort", down ? "descending" : "ascending");
    var all = document.createDocumentFragment();
    keyed.forEach(function (item) { all.appendChild(item.row); });
    body.appendChild(all);
  }
  function addFilter(table, box) {
    var rows = Array.prototype.slice.call(table.tBodies[0].rows), texts = null;
    var tools = document.createElement("div"), input = document.createElement("input"), told = document.createElement("span");
    tools.className = "tools";
    input.type = "search";
    input.placeholder = "Filter these " + rows.length.toLocaleString("en") + " rows";
    input.setAttribute("aria-label", input.placeholder);
    input.addEventListener("input", function () {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean), n = 0;
      texts = texts || rows.map(function (row) { return row.textContent.toLowerCase(); });
      rows.forEach(function (row, i) {
        var has = words.every(function (word) { return texts[i].indexOf(word) >= 0; });
        row.hidden = !has;
        n += has;
      });
      told.textContent = words.length ? n.toLocaleString("en") + " shown" : "";
    });
    tools.appendChild(input);
    tools.appendChild(told);
    box.parentNode.insertBefore(tools, box);
  }
  Array.prototype.forEach.call(document.querySelectorAll("table.data"), function (table) {
    if (table.tBodies[0].rows.length < 2) return;
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (th, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = th.textContent;
      th.textContent = "";
      th.appendChild(button);
      button.addEventListener("click", function () { sort(table, column, th); });
    });
    if (table.tBodies[0].rows.length > 8) addFilter(table, table.parentNode);
  });
})();
