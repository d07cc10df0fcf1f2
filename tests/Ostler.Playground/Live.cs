using System.Globalization;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Testing.Waiting;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ostler.Playground;

/// <summary>
/// Shows the fleet: on a terminal a table that is redrawn in place, elsewhere one plain line per change, so that a log reads as a story.
/// </summary>
internal sealed class Live(IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly long _started = time.GetTimestamp();
    private readonly Lock _gate = new();
    private long _lastLine = time.GetTimestamp();
    private readonly Dictionary<string, string> _said = [];

    /// <summary>Whether the table is redrawn in place.</summary>
    public bool Interactive => console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal;

    /// <summary>A line of the story.</summary>
    public void Say(string text)
    {
        lock (_gate)
        {
            _lastLine = time.GetTimestamp();
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(_started).TotalSeconds,6:0.0}s  {text}"));
        }
    }

    /// <summary>Says every 10 s what is being done, unless something else was said meanwhile; until disposed of.</summary>
    public IDisposable Busy(Func<string> doing) => time.CreateTimer(_ => SignOfLife(doing()), null, Silence, Silence);

    private void SignOfLife(string text)
    {
        // A tenth of a second less: the timer that comes right after a line must not skip its turn for rounding.
        if (time.GetElapsedTime(_lastLine) >= Silence - TimeSpan.FromSeconds(0.1))
        {
            Say(text);
        }
    }

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

    /// <summary>Shows the fleet until what was gathered is as expected.</summary>
    /// <exception cref="NoProgressException">Nothing new happened any longer.</exception>
    public async Task ShowUntilAsync(string what, Func<FleetView> gather, Func<FleetView, bool> until, ChangeSignal changes, TimeSpan patience, CancellationToken cancellationToken)
    {
        var wait = new ProgressWait { Time = time, Patience = patience };
        if (!Interactive)
        {
            await (wait with { Say = SignOfLife }).UntilAsync(what, Shown(gather, SayChanges), until, view => view.Progress, changes.NextAsync, cancellationToken);
            return;
        }

        // The table counts the seconds: it is drawn again every second, whatever happens.
        var since = time.GetTimestamp();
        await console.Live(Render(gather())).StartAsync(context => wait.UntilAsync(
            what,
            Shown(gather, view =>
            {
                context.UpdateTarget(Render(view).Caption(string.Create(
                    CultureInfo.InvariantCulture, $"waiting for: {Markup.Escape(what)} ({time.GetElapsedTime(since).TotalSeconds:0} s)")));
                context.Refresh();
            }),
            until,
            view => view.Progress,
            () => Task.WhenAny(changes.NextAsync(), Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken)),
            cancellationToken));
    }

    private static Func<FleetView> Shown(Func<FleetView> gather, Action<FleetView> show) => () =>
    {
        var view = gather();
        show(view);
        return view;
    };

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
internal sealed record FleetView(string Headline, IReadOnlyList<NodeRow> Rows, IReadOnlyDictionary<string, int> Pods, UpgradePolicy? Policy, OSImage? Image)
{
    /// <summary>All that changes in a rollout, in one line: the headline, and each node that is not at rest.</summary>
    public string Progress
    {
        get
        {
            var moving = Rows.Where(r => r.Step is not (NodeStep.Idle or NodeStep.Updated) || r.Cordoned || !r.Ready)
                .Select(r => $"{r.Node} {r.Step}{(r.Ready ? "" : " NotReady")}");
            var versions = Rows.GroupBy(r => r.Booted.Length > 0 ? r.Booted : "?").OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Count()} on {g.Key}");
            return $"{Headline}; nodes: {string.Join(", ", versions.Concat(moving))}; {Pods.Values.Sum()} pods placed";
        }
    }
}

/// <summary>Wakes whoever shows something when anything that is watched has changed.</summary>
internal sealed class ChangeSignal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done at the next change after this call.</summary>
    public Task NextAsync() => Volatile.Read(ref _next).Task;

    public void Changed() =>
        Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
