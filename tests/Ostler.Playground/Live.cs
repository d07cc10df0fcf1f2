using System.Globalization;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ostler.Playground;

/// <summary>
/// Shows the fleet: on a terminal a table that is redrawn in place, elsewhere one plain line per change, so that a log reads as a story.
/// </summary>
internal sealed class Live(IAnsiConsole console, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private readonly Dictionary<string, string> _said = [];

    /// <summary>Whether the table is redrawn in place.</summary>
    public bool Interactive => console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal;

    /// <summary>A line of the story.</summary>
    public void Say(string text) =>
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(_started).TotalSeconds,6:0.0}s  {text}"));

    /// <summary>A heading.</summary>
    public void Chapter(string text)
    {
        console.WriteLine();
        if (Interactive)
        {
            console.Write(new Rule($"[bold]{Markup.Escape(text)}[/]").LeftJustified());
        }
        else
        {
            Say("== " + text);
        }
    }

    /// <summary>Shows the fleet until <paramref name="until"/> is true for what was gathered, or the deadline has passed.</summary>
    /// <returns>True when it became true in time.</returns>
    public async Task<bool> ShowUntilAsync(
        Func<FleetView> gather, Func<FleetView, bool> until, ChangeSignal changes, TimeSpan deadline, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        if (!Interactive)
        {
            return await FollowAsync(gather, until, changes, SayChanges, both.Token, cancellationToken);
        }

        var done = false;
        await console.Live(Render(gather())).StartAsync(async context =>
        {
            done = await FollowAsync(
                gather,
                until,
                changes,
                view =>
                {
                    context.UpdateTarget(Render(view));
                    context.Refresh();
                },
                both.Token,
                cancellationToken);
        });
        return done;
    }

    private static async Task<bool> FollowAsync(
        Func<FleetView> gather, Func<FleetView, bool> until, ChangeSignal changes, Action<FleetView> show, CancellationToken either, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = changes.NextAsync();
            var view = gather();
            show(view);
            if (until(view))
            {
                return true;
            }

            try
            {
                await next.WaitAsync(either);
            }
            catch (OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return false;
            }
        }
    }

    private void SayChanges(FleetView view)
    {
        foreach (var row in view.Rows)
        {
            var line = $"{row.Node}  {row.Step,-11} {row.Booted,-6}{(row.Cordoned ? " cordoned" : "")}{(row.Ready ? "" : " NotReady")}";
            if (!_said.TryGetValue(row.Node, out var last) || last != line)
            {
                _said[row.Node] = line;
                Say(row.Why.Length > 0 && row.Step is NodeStep.RollingBack or NodeStep.RolledBack or NodeStep.Failed ? $"{line}  {row.Why}" : line);
            }
        }

        if (_said.GetValueOrDefault("") != view.Headline)
        {
            _said[""] = view.Headline;
            Say(view.Headline);
        }
    }

    private static Table Render(FleetView view)
    {
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(view.Headline))
            .AddColumns("Node", "Zone", "Step", "Runs", "Target", "Schedulable", "Pods", "Why");
        foreach (var row in view.Rows)
        {
            table.AddRow(
                new Text(row.Node),
                new Text(row.Zone),
                new Text(row.Step.ToString(), new Style(Colour(row.Step))),
                new Text(row.Booted),
                new Text(row.Target),
                new Text(row.Cordoned ? "cordoned" : row.Ready ? "yes" : "NotReady", new Style(row.Cordoned || !row.Ready ? Color.Yellow : Color.Green)),
                new Text(view.Pods.GetValueOrDefault(row.Node).ToString(CultureInfo.InvariantCulture)),
                new Text(row.Why.Length > 60 ? row.Why[..60] + "…" : row.Why));
        }

        return table;
    }

    private static Color Colour(NodeStep step) => step switch
    {
        NodeStep.Updated => Color.Green,
        NodeStep.RolledBack or NodeStep.RollingBack => Color.Orange1,
        NodeStep.Failed => Color.Red,
        NodeStep.Idle or NodeStep.Staged => Color.Grey,
        _ => Color.Aqua,
    };
}

/// <summary>What is shown at one moment.</summary>
internal sealed record FleetView(string Headline, IReadOnlyList<NodeRow> Rows, IReadOnlyDictionary<string, int> Pods, UpgradePolicy? Policy, OSImage? Image);

/// <summary>Wakes whoever shows something when anything that is watched has changed.</summary>
internal sealed class ChangeSignal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done at the next change after this call.</summary>
    public Task NextAsync() => Volatile.Read(ref _next).Task;

    public void Changed() =>
        Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
