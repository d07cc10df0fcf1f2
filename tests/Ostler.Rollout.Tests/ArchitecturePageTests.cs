using System.Collections.Concurrent;
using System.Text;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Tests.Simulation;
using Ostler.Rollout.Text;
using Ostler.Simulation;
using Ostler.Testing;

namespace Ostler.Rollout.Tests;

/// <summary>The blocks of config/docs/architecture.md that are made of the code. OSTLER_UPDATE_GOLDEN=1 writes them.</summary>
public class ArchitecturePageTests
{
    private static readonly string Page = Path.Combine(Repository.Config, "docs", "architecture.md");

    [Fact]
    public void The_state_diagram_is_that_of_the_transitions()
    {
        var text = new StringBuilder("```mermaid\nstateDiagram-v2\n  direction LR\n  [*] --> Idle\n");
        foreach (var (from, to) in TransitionWatch.Declared.Select(d => (d.From, d.To)).Distinct().Order())
        {
            var when = TransitionWatch.Declared.Where(d => d.From == from && d.To == to).Select(d => d.When).Distinct();
            text.Append(null, $"  {from} --> {to}: {string.Join("; ", when)}\n");
        }

        Verify("node-state-diagram", text.Append("```\n").ToString());
    }

    [Fact]
    public void The_gates_are_listed_in_their_order() => Verify("gates", List(Gates.Ordered));

    [Fact]
    public void The_checks_of_a_node_are_listed_in_their_order() => Verify("eligibility", List(Eligibility.Ordered));

    [Fact]
    public void Each_transition_that_is_declared_happens_and_no_other_does()
    {
        var seen = new ConcurrentDictionary<(NodeStep, NodeStep), bool>();
        var complaints = new ConcurrentBag<string>();
        Parallel.ForEach(Enumerable.Range(1, 1000), seed =>
        {
            var simulation = new RolloutSimulation(RolloutCase.From(seed).Scenario());
            var watch = new TransitionWatch(complaints.Add);
            simulation.OnStep = (world, step) =>
            {
                if (step is SimulatedStep.Plans plans)
                {
                    watch.Observe(world, plans.Policy, plans.Plan);
                }
            };
            simulation.Run();
            foreach (var step in watch.Seen)
            {
                seen[step] = true;
            }
        });

        var kinds = complaints.GroupBy(c => c[..c.IndexOf(" of ", StringComparison.Ordinal)])
            .Select(g => $"{g.Count()} {g.Min()}").Order(StringComparer.Ordinal);
        Assert.True(complaints.IsEmpty, string.Join('\n', kinds));
        var never = TransitionWatch.Declared.Where(d => !seen.ContainsKey((d.From, d.To)))
            .Select(d => $"{d.From} -> {d.To}: {d.When}").ToArray();
        Assert.True(never.Length < TransitionWatch.Declared.Count / 3, string.Join('\n', never));
    }

    private static string List<T>(IReadOnlyList<Rule<T>> rules) where T : Delegate =>
        "| order | rule | applies when |\n|---|---|---|\n"
        + string.Concat(rules.Select((r, i) => $"| {i + 1} | `{r.Name}` | {r.Meaning} |\n"));

    private static void Verify(string block, string made)
    {
        var (begin, end) = ($"<!-- generated: {block} -->\n", "<!-- end -->");
        var page = File.ReadAllText(Page);
        var at = page.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        Assert.True(at >= begin.Length, $"{Page} has no block {block}.");
        var rest = page.IndexOf(end, at, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable(Ostler.Testing.Golden.UpdateVariable) == "1")
        {
            File.WriteAllText(Page, page[..at] + made + page[rest..]);
            return;
        }

        Assert.Equal(made, page[at..rest]);
    }
}
