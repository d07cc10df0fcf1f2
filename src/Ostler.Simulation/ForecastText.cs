using System.Globalization;
using Ostler.Rollout.Text;

namespace Ostler.Simulation;

/// <summary>A forecast as people read it: how it ends first, then waves, windows, failures and each node's steps.</summary>
public static class ForecastText
{
    /// <summary>The lines.</summary>
    /// <param name="forecast">What is told. All moments but the first are counted from its start, as in <c>26:05:00</c> for a day, two
    /// hours and five minutes.</param>
    /// <param name="mostNodes">How many nodes are told of; how many more there are is said.</param>
    public static IReadOnlyList<string> Lines(RolloutForecast forecast, int mostNodes = 50)
    {
        var lines = new List<string>
        {
            $"{forecast.Policy} to {MessageText.Of(forecast.Target.Digest, forecast.Target.Version)}, from {MessageText.Of(forecast.StartedAt)} (seed {forecast.Seed.ToString(CultureInfo.InvariantCulture)}, to {MessageText.Of(forecast.Resolution)})",
            forecast.CompletedAt is { } completed
                ? $"Complete at {MessageText.Of(completed)}, after {Text(forecast.Total)}."
                : $"Not complete after {Text(forecast.Total)}. {forecast.Reason}: {forecast.Message}",
            $"{forecast.Counts.Updated} of {forecast.Counts.Total} nodes are updated, {forecast.Counts.Failed} failed, {forecast.Counts.RolledBack} rolled back; "
                + $"at most {Most(forecast)} unavailable at once (limit {(forecast.Slots is [.., var last] ? last.Limit : 0)}).",
        };
        lines.AddRange(forecast.Assumptions);
        Section("Waves", forecast.Waves.Select(w => $"{w.Name,-16} {At(w.StartedAt)} to {At(w.CompletedAt)}, soaked {At(w.SoakedAt)}, {w.Updated} of {w.Total} updated"));
        Section("Windows", forecast.Windows.Select(w => $"{MessageText.Of(w.From)} to {(w.To == DateTimeOffset.MaxValue ? "-" : MessageText.Of(w.To))}, {w.Granted} slots granted"));
        Section("Failures", forecast.Failures.Select(f => $"{f.Node,-16} {At(f.At)} {f.Reason}: {f.Message}"));
        Section("Nodes", forecast.Nodes.Take(mostNodes).Select(n => $"{n.Node,-16} {string.Join(", ", n.Steps.Select(s => $"{s.Step} {At(s.From)}"))}"));
        if (forecast.Nodes.Count > mostNodes)
        {
            lines.Add($"  and {forecast.Nodes.Count - mostNodes} more");
        }

        return lines;

        void Section(string title, IEnumerable<string> entries)
        {
            var before = lines.Count;
            lines.AddRange(entries.Select(e => "  " + e));
            if (lines.Count > before)
            {
                lines.Insert(before, title);
            }
        }

        string At(DateTimeOffset? time) => time is { } at ? Text(at - forecast.StartedAt) : "never";
    }

    private static int Most(RolloutForecast forecast) => forecast.Slots.Count == 0 ? 0 : forecast.Slots.Max(s => s.Unavailable);

    private static string Text(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalHours:00}:{span.Minutes:00}:{span.Seconds:00}");
}
