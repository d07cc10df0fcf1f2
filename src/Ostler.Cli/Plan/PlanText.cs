using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;
using Ostler.Rollout.Text;
using Ostler.Simulation;
using System.Globalization;

namespace Ostler.Cli.Plan;

/// <summary>
/// A forecast on one screen: how it ends, its waves, and a bar for each batch of nodes, in the time zone of the policy's windows.
/// </summary>
internal sealed class PlanText
{
    private const int BarWidth = 30;

    // A screen holds no more; of more, several in a row share a bar.
    private const int MostBatches = 20;

    private const int MostNames = 3;
    private const int MostFailures = 10;

    private readonly RolloutForecast _forecast;
    private readonly TimeZoneInfo _zone;

    private PlanText(RolloutForecast forecast, UpgradePolicySpec spec)
    {
        _forecast = forecast;
        _zone = spec.Windows is [{ TimeZone: { Length: > 0 } zone }, ..] ? TimeZoneInfo.FindSystemTimeZoneById(zone) : TimeZoneInfo.Utc;
    }

    /// <param name="forecast">What would happen.</param>
    /// <param name="spec">The policy, which is valid.</param>
    public static IEnumerable<Line> Lines(RolloutForecast forecast, UpgradePolicySpec spec) => new PlanText(forecast, spec).Lines();

    private IEnumerable<Line> Lines()
    {
        var counts = _forecast.Counts;
        var most = _forecast.Slots.Count == 0 ? 0 : _forecast.Slots.Max(s => s.Unavailable);
        var limit = _forecast.Slots is [.., var last] ? last.Limit : 0;
        yield return new($"{_forecast.Policy} to {MessageText.Of(_forecast.Target.Digest, _forecast.Target.Version)}: {counts.Total} nodes, "
            + $"at most {most} unavailable at once (limit {limit})", Tone.Heading);
        yield return _forecast.CompletedAt is { } completed
            ? new($"Starts {Time(_forecast.StartedAt)}, complete {Time(completed)} ({_zone.Id}), after {Duration(_forecast.Total)}.",
                Tone.Good)
            : new($"Starts {Time(_forecast.StartedAt)} ({_zone.Id}), not complete after {Duration(_forecast.Total)}. {_forecast.Reason}: "
                + $"{_forecast.Message}", Tone.Bad);
        (int Count, string Word)[] ends = [(counts.Updated, "updated"), (counts.Failed, "failed"), (counts.RolledBack, "rolled back")];
        yield return $"Nodes in the end: "
            + $"{string.Join(", ", ends.Where((e, i) => i == 0 || e.Count > 0).Select(e => $"{e.Count} {e.Word}"))}.";
        foreach (var assumption in _forecast.Assumptions)
        {
            yield return assumption;
        }

        (string Title, TextTable Table)[] sections =
            [("Waves", Waves()), ("Windows", Windows()), ("Batches", Batches()), ("Failures", Failures())];
        foreach (var (title, table) in sections.Where(s => s.Table.Count > 0))
        {
            yield return new("");
            yield return new(title, Tone.Heading);
            foreach (var line in table.Lines(indent: 2))
            {
                yield return line;
            }
        }
    }

    private TextTable Waves()
    {
        var table = new TextTable("WAVE", "UPDATED", "STARTS", "COMPLETE", "SOAKED");
        foreach (var wave in _forecast.Waves)
        {
            table.Add(
                wave.CompletedAt is null ? Tone.Attention : Tone.Plain,
                wave.Name, $"{wave.Updated}/{wave.Total}", At(wave.StartedAt), At(wave.CompletedAt, wave.StartedAt),
                    At(wave.SoakedAt, wave.StartedAt));
        }

        return table;
    }

    private TextTable Windows()
    {
        var table = new TextTable("OPEN", "UNTIL", "SLOTS GRANTED");
        foreach (var window in _forecast.Windows)
        {
            table.Add(Tone.Plain, Time(window.From), window.To == DateTimeOffset.MaxValue ? null : Time(window.To, window.From),
                Format.Number(window.Granted));
        }

        return table;
    }

    private TextTable Batches()
    {
        var table = new TextTable("FROM", "TO", "", "NODES");
        var batches = Grouped();
        foreach (var wave in batches.GroupBy(b => WaveOf(b.From)))
        {
            // Each wave has its own scale: between waves there may be days.
            var (from, to) = (wave.Min(b => b.From), wave.Max(b => b.To));
            foreach (var batch in wave)
            {
                var names = string.Join(", ", batch.Nodes.Take(MostNames))
                    + (batch.Nodes.Count > MostNames ? $" and {batch.Nodes.Count - MostNames} more" : "");
                table.Add(Tone.Plain, Time(batch.From), Time(batch.To, batch.From), Bar(batch.From - from, batch.To - from, to - from),
                    names);
            }
        }

        return table;
    }

    private TextTable Failures()
    {
        var table = new TextTable("NODE", "AT", "REASON", "MESSAGE");
        foreach (var failure in _forecast.Failures.Take(MostFailures))
        {
            table.Add(Tone.Bad, failure.Node, Time(failure.At), failure.Reason, failure.Message);
        }

        return _forecast.Failures.Count <= MostFailures ? table
            : table.Add(Tone.Faint, "…", null, null, $"and {_forecast.Failures.Count - MostFailures} more: -o wide lists them");
    }

    // The nodes that get slots at one look of the controller; where these are too many for a screen, several in a row of one wave.
    private List<Batch> Grouped()
    {
        var batches = new List<Batch>();
        foreach (var node in _forecast.Nodes.Select(Service).OfType<Batch>().OrderBy(b => b.From)
            .ThenBy(b => b.Nodes[0], StringComparer.Ordinal))
        {
            if (batches is [.., var last] && node.From - last.From <= _forecast.Resolution)
            {
                batches[^1] = last.With(node);
            }
            else
            {
                batches.Add(node);
            }
        }

        var inRow = (batches.Count + MostBatches - 1) / MostBatches;
        return inRow <= 1 ? batches
            : [.. batches.GroupBy(b => WaveOf(b.From)).SelectMany(w => w.Chunk(inRow))
                .Select(c => c.Aggregate((all, next) => all.With(next)))];
    }

    // From the cordon until the node is back, or is given up.
    private Batch? Service(NodeForecast node)
    {
        if (node.Steps.FirstOrDefault(s => s.Step == NodeStep.Cordoned) is not { } cordoned)
        {
            return null;
        }

        var end = node.Steps.LastOrDefault(s => s.From > cordoned.From
            && s.Step is NodeStep.Updated or NodeStep.RolledBack or NodeStep.Failed or NodeStep.Idle or NodeStep.Staged);
        return new(cordoned.From, end?.From ?? _forecast.StartedAt + _forecast.Total, [node.Node]);
    }

    // The controller cordons one look before it reports the wave as begun.
    private int WaveOf(DateTimeOffset moment)
    {
        var at = moment + (2 * _forecast.Resolution);
        for (var i = _forecast.Waves.Count - 1; i > 0; i--)
        {
            if (_forecast.Waves[i].StartedAt <= at)
            {
                return i;
            }
        }

        return 0;
    }

    private static string Bar(TimeSpan from, TimeSpan to, TimeSpan whole)
    {
        var scale = whole > TimeSpan.Zero ? BarWidth / whole.TotalSeconds : 0;
        var first = Math.Clamp((int)(from.TotalSeconds * scale), 0, BarWidth - 1);
        var end = Math.Clamp((int)Math.Ceiling(to.TotalSeconds * scale), first + 1, BarWidth);
        return $"[{new string('.', first)}{new string('#', end - first)}{new string('.', BarWidth - end)}]";
    }

    // To the minute, however many hours it is: it is compared with windows.
    private static string Duration(TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalHours}h{span.Minutes:00}m");

    private string? At(DateTimeOffset? moment, DateTimeOffset? after = null) => moment is { } time ? Time(time, after) : null;

    /// <summary>In the policy's zone; without the date when it is that of an earlier moment beside it.</summary>
    private string Time(DateTimeOffset moment, DateTimeOffset? beside = null)
    {
        var local = TimeZoneInfo.ConvertTime(moment, _zone);
        var sameDay = beside is { } other && TimeZoneInfo.ConvertTime(other, _zone).Date == local.Date;
        return local.ToString(sameDay ? "HH:mm" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    }

    private sealed record Batch(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<string> Nodes)
    {
        public Batch With(Batch next) => new(From, To > next.To ? To : next.To, [.. Nodes, .. next.Nodes]);
    }
}
