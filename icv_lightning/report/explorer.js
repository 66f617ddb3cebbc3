// Fill both panes from the packed sources of the chosen cells, for the chosen epoch, classes and errors.
const wanted = new Set(chosen.active)

function fill(pane, cell, reach) {
  const known = cell.epochs.filter((e) => e <= slider.value)
  const position = Math.max(known.length - 1, 0)
  const { x, y, preds } = cell.points.data
  const { target, index, image } = cell.part.data
  let beyond = 0
  const data = { x: [], y: [], colour: [], marker: [], edge: [], image: [], name: [], guess: [], index: [] }
  for (let i = 0; i < target.length; i++) {
    const j = position * target.length + i
    const wrong = preds[j] !== target[i]
    if ((wanted.size && !wanted.has(target[i])) || (shown.active === 1 && !wrong) || (shown.active === 2 && wrong)) continue
    data.x.push(x[j] * cell.extent)
    data.y.push(y[j] * cell.extent)
    beyond += Math.max(Math.abs(x[j]), Math.abs(y[j])) * cell.extent > reach
    data.colour.push(colours[target[i] % colours.length])
    data.marker.push(markers[target[i] % markers.length])
    data.edge.push(wrong ? "#111111" : "rgba(0,0,0,0)")
    data.image.push(image[i])
    data.name.push(cell.names[target[i]])
    data.guess.push(cell.names[preds[j]])
    data.index.push(`${cell.kind} image ${index[i]}`)
  }
  pane.points.data = data
  const c = cell.centres.data
  const part = (key) => {
    const size = cell.names.length
    return Array.from(c[key].slice(position * size, (position + 1) * size))
  }
  pane.centroids.data = { x: part("centroids_x"), y: part("centroids_y") }
  pane.marks.data = { x: part("class_means_x"), y: part("class_means_y"), text: cell.names.map((_, k) => String(k)) }
  pane.plot.title.text = `epoch ${cell.epochs[position]}, ${data.x.length} ${cell.kind} images${beyond ? `, ${beyond} beyond the axes` : ""}`
}

const pair = panes.map((pane) => cells[Number(pane.select.value)])
const reach = Math.max(...pair.map((cell) => cell.reach[axes.active]))
panes.forEach((pane, i) => fill(pane, pair[i], reach))
const key = [axes.active, ...pair.map((cell) => cell.label)].join("\n")
if (window.icv_pair !== key) {
  window.icv_pair = key
  for (const range of [x_range, y_range]) {
    range.setv({ start: -reach, end: reach, reset_start: -reach, reset_end: reach })
  }
}
