/// How pages look: light and dark, on a wide screen, on a phone and on paper.
enum PageStyle {
  /// Colours of curves, by number.
  static let colorCount = 8

  static let sheet = """
    :root { color-scheme: light dark; --ink: #1c2430; --soft: #5c6878; --line: #d9dee6; --page: #ffffff; --card: #f5f7fa;
      --good: #1b873f; --bad: #c4314b; --mark: #2563c9;
      --c0: #2563c9; --c1: #d1540b; --c2: #1b873f; --c3: #a0278f; --c4: #0d8594; --c5: #a37400; --c6: #c4314b; --c7: #6b54c6; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #97a3b4; --line: #36404e; --page: #12161c; --card: #1b212a;
      --good: #52c878; --bad: #ff7a8e; --mark: #7aa9ff;
      --c0: #7aa9ff; --c1: #ff9b5c; --c2: #52c878; --c3: #ea86db; --c4: #4fd0de; --c5: #e3bd4a; --c6: #ff7a8e; --c7: #b3a3ff; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
    main { max-width: 1120px; margin: 0 auto; padding: 20px 16px 60px; }
    h1 { font-size: 1.6rem; margin: 0 0 4px; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin: 36px 0 10px; }
    h3 { font-size: 1rem; margin: 20px 0 6px; } p { margin: 6px 0; } .soft { color: var(--soft); } .warn { color: var(--bad); }
    .facts { display: flex; flex-wrap: wrap; gap: 10px; margin: 14px 0; }
    .facts div { background: var(--card); border-radius: 8px; padding: 8px 14px; min-width: 110px; }
    .facts b { display: block; font-size: 1.25rem; } .facts span { color: var(--soft); font-size: .85rem; }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 16px; }
    .chart { background: var(--card); border-radius: 8px; padding: 10px; min-width: 0; } .chart svg { width: 100%; height: auto; display: block; }
    .chart h3 { margin: 0 0 4px; } svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
    .grid { stroke: var(--line); stroke-width: 1; } .curve { fill: none; stroke-width: 1.8; } .faint { stroke-opacity: .4; stroke-width: 1.1; }
    .legend { margin: 4px 0 8px; display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: .8rem; color: var(--soft); }
    .legend i { display: inline-block; width: 12px; height: 3px; margin-right: 5px; vertical-align: middle; }
    .scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; min-width: 50%; }
    th, td { text-align: right; padding: 4px 9px; border-bottom: 1px solid var(--line); white-space: nowrap; }
    th:first-child, td:first-child { text-align: left; } th { color: var(--soft); font-weight: 600; } th.sort { cursor: pointer; }
    .plain td, .plain th { text-align: left; white-space: normal; overflow-wrap: anywhere; }
    .why { display: inline-block; min-width: 230px; text-align: left; white-space: normal; } td.heat { text-align: center; }
    .bar { display: inline-flex; width: 150px; height: 11px; background: var(--line); border-radius: 3px; overflow: hidden; vertical-align: middle; }
    .bar i { display: block; height: 100%; }
    .cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 10px; }
    .pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 10px; }
    figure { margin: 0; background: var(--card); border-radius: 8px; padding: 6px; min-width: 0; } figure svg { width: 100%; height: auto; display: block; }
    figcaption { font-size: .78rem; color: var(--soft); overflow-wrap: anywhere; } figcaption b { color: var(--ink); }
    .truth { fill: none; stroke: #00e05a; stroke-dasharray: 5 3; } .found { fill: none; stroke: #ff3d5a; }
    .rim { fill: none; stroke: #000; stroke-opacity: .55; } .key { display: inline-block; width: 22px; height: 0; vertical-align: middle; margin: 0 4px 0 10px; }
    details { margin: 8px 0; } pre { background: var(--card); padding: 10px; border-radius: 8px; overflow-x: auto; font-size: .8rem; }
    nav { display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: .9rem; margin: 10px 0; } a { color: var(--mark); }
    @media print { .chart, figure { break-inside: avoid; } }
    """
}
