using System.Globalization;
using Ostler.Api.NodeOSes;
using Spectre.Console;

namespace Ostler.Playground;

/// <summary>How long each step of each node took, and what the witnesses saw.</summary>
internal static class Summary
{
    /// <summary>A table of all runs, one line a node and tree.</summary>
    public static Table Durations(StepClock clock, IReadOnlyDictionary<string, string> versions)
    {
        var table = new Table().Border(TableBorder.Simple).Title("Seconds in each step").AddColumns("Node", "To");
        foreach (var step in StepClock.Shown)
        {
            table.AddColumn(new TableColumn(step.ToString()).RightAligned());
        }

        table.AddColumn("Ended");
        foreach (var run in clock.Runs().Where(r => r.Digest is not null))
        {
            table.AddRow([
                run.Node,
                versions.GetValueOrDefault(run.Digest!) ?? run.Digest![..7],
                .. StepClock.Shown.Select(step => clock.Spent(run, step) is { } spent ? spent.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) : ""),
                run.Step.ToString(),
            ]);
        }

        return table;
    }
}
