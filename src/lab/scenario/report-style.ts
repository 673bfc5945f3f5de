/** What the HTML report of scenarios adds to the look of every report. */
export const style = `
header{max-width:1180px;margin:0 auto;padding:36px 24px 8px;display:flex;flex-wrap:wrap;align-items:baseline;
  gap:8px 28px}
h1{font-size:30px;letter-spacing:-.02em;margin:0}
.sum{margin:0;display:flex;gap:18px;font-weight:600}.sum .passed{color:var(--good)}.sum .failed{color:var(--bad)}
.sum .skipped{color:var(--soft)}
.when{margin:0 0 0 auto;color:var(--soft)}
main{max-width:1180px;margin:0 auto;padding:8px 24px 80px}
section,table.index{background:var(--card);border:1px solid var(--line);border-radius:10px}
section{padding:24px 28px;margin-top:24px}
h2{font-size:21px;margin:0;letter-spacing:-.01em;display:flex;align-items:center;gap:12px}
.facts{color:var(--soft);margin:2px 0 10px}.story{max-width:76ch;margin:0 0 18px}
.badge{font-size:12px;font-weight:600;padding:2px 9px;border-radius:20px;letter-spacing:.02em}
.badge.passed{background:var(--good-bg);color:var(--good)}.badge.failed{background:var(--bad-bg);color:var(--bad)}
.badge.skipped{background:var(--warn-bg);color:var(--warn)}
table{border-collapse:collapse;width:100%;font-size:14px}
table.index{border-collapse:separate;border-spacing:0;margin-top:18px}
th{text-align:left;font-weight:600;color:var(--soft);font-size:12.5px}
th,td{padding:7px 12px;vertical-align:top;border-bottom:1px solid var(--line)}
tbody tr:last-child td{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
a{color:var(--blue);text-decoration:none}a:hover{text-decoration:underline}
code{font-size:13px;line-height:1.45}
.wide{overflow-x:auto}
figure{margin:0 0 18px;padding:12px 0;border-block:1px solid var(--line);overflow-x:auto}
svg{display:block;width:100%;min-width:900px;height:auto}
svg text{font:12.5px system-ui,sans-serif;fill:var(--ink)}svg .tick{font-size:10.5px;fill:var(--soft)}
svg .link{font-size:11px;fill:var(--soft)}svg .story{fill:var(--soft)}
.gap{fill:var(--gap)}
.band.ready,.band.up{fill:var(--good-bg);stroke:var(--good);stroke-width:.6}.band.starting{fill:var(--blue-bg)}
.band.degraded{fill:var(--warn-bg);stroke:var(--warn);stroke-width:.6}
.band.stopped,.band.down{fill:var(--bad-bg);stroke:var(--bad);stroke-width:.6}
.mark{stroke:var(--card);stroke-width:1}.mark.info{fill:var(--good)}.mark.debug{fill:var(--soft)}
.mark.warn{fill:var(--warn)}.mark.error{fill:var(--bad)}
.step{stroke-width:1}.step.act{fill:var(--blue)}.step.expect{fill:var(--blue-bg);stroke:var(--blue)}
.step.failed{fill:var(--bad);stroke:var(--bad)}
figcaption{display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--soft);font-size:12px;padding-top:10px}
figcaption span{display:inline-flex;align-items:center;gap:6px}
.k{display:inline-block;width:16px;height:8px}.k.ready{background:var(--good-bg);outline:1px solid var(--good)}
.k.starting{background:var(--blue-bg)}.k.stopped{background:var(--bad-bg);outline:1px solid var(--bad)}
.k.act{background:var(--blue)}.k.exp{background:var(--blue-bg);outline:1px solid var(--blue)}
.k.gapk{background:var(--gap);outline:1px solid var(--line)}
.k.dot{width:7px;height:7px;border-radius:50%;background:var(--good)}
.k.tri{width:0;height:0;border:5px solid transparent;border-top:0;border-bottom:9px solid var(--warn)}
.k.dia{width:8px;height:8px;background:var(--bad);transform:rotate(45deg)}
ol.steps{list-style:none;margin:0;padding:0}
ol.steps li{padding:3px 0 3px 26px;position:relative}
ol.steps li::before{position:absolute;left:4px;font-weight:700}
li.passed::before{content:"✓";color:var(--good)}li.failed::before{content:"✗";color:var(--bad)}
li.skipped{color:var(--soft)}li.skipped::before{content:"–"}
li.say{font-style:italic;color:var(--soft);padding:12px 0 3px!important;max-width:76ch}
.took{color:var(--soft);font-size:12.5px;margin-left:10px;white-space:nowrap}.what{overflow-wrap:anywhere}
p.told{margin:1px 0 2px;padding-left:12px;border-left:2px solid var(--line);color:var(--soft);font-size:13px}
dl{margin:4px 0 6px;padding:10px 14px;background:var(--bad-bg);border-radius:6px;display:grid;
  grid-template-columns:max-content 1fr;gap:3px 14px}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
details{margin-top:14px}summary{cursor:pointer;color:var(--blue)}
table.events{margin-top:10px;font-size:13px}table.events td{padding:4px 10px}tr.error td:nth-child(3){color:var(--bad)}
tr.warn td:nth-child(3){color:var(--warn)}
@media (max-width:640px){section{padding:18px 16px}header{padding-top:22px}}
@media print{section{break-inside:avoid}details{display:none}}
`
