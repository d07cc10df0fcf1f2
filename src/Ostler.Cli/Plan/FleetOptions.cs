using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Cli.Hosting;
using Ostler.Simulation;

namespace Ostler.Cli.Plan;

/// <summary>Reads how a fleet is described on a command line.</summary>
internal static class FleetOptions
{
    private static readonly string[] Steps = ["staging", "pod-termination", "reboot", "kubelet", "host-checks"];
    private static readonly string[] Kinds = ["staging", "falls-back", "never-returns", "unhealthy"];

    /// <summary>
    /// <c>[NAME=]COUNT[,LABEL=VALUE…]</c>: <c>40</c>; <c>canary=3,role=canary</c>. The groups get the labels that the selector of the
    /// policy asks for, unless they say otherwise.
    /// </summary>
    public static FleetNodes Nodes(string text, LabelSelector selector, IReadOnlyList<string>? zones, int group)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var (name, count) = parts[0].Split('=') is [var given, var number] ? (given, number) : (group == 0 ? "node" : $"node{(char)('a' + Math.Min(group, 25))}", parts[0]);
        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var nodes) || nodes < 1)
        {
            throw CommandException.Usage($"--nodes {text}: write a count, as in 40, canary=3 or 40,role=edge.");
        }

        var labels = new Dictionary<string, string>(selector.MatchLabels ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var part in parts.Skip(1))
        {
            if (part.IndexOf('=', StringComparison.Ordinal) is not (> 0 and var at))
            {
                throw CommandException.Usage($"--nodes {text}: '{part}' is not a label. Write LABEL=VALUE.");
            }

            labels[part[..at]] = part[(at + 1)..];
        }

        return new() { Name = name, Count = nodes, Labels = labels, Zones = zones };
    }

    /// <summary><c>STEP=TIME</c> or <c>STEP=TIME..TIME</c>, several times: <c>reboot=3m..8m</c>.</summary>
    public static FleetDurations Durations(IEnumerable<string> texts, FleetDurations durations)
    {
        foreach (var text in texts)
        {
            var (step, range) = text.Split('=') is [var s, var r] ? (s, Range(r)) : ("", null);
            if (range is not { } value)
            {
                throw CommandException.Usage($"--duration {text}: write a step and its duration, as in reboot=5m or reboot=3m..8m. Steps: {string.Join(", ", Steps)}.");
            }

            durations = step switch
            {
                "staging" => durations with { Staging = value },
                "pod-termination" => durations with { PodTermination = value },
                "reboot" => durations with { Reboot = value },
                "kubelet" => durations with { Kubelet = value },
                "host-checks" => durations with { HostChecks = value },
                _ => throw CommandException.Usage($"--duration {text}: unknown step {step}. Steps: {string.Join(", ", Steps)}."),
            };
        }

        return durations;
    }

    /// <summary><c>KIND=SHARE</c>, several times: <c>unhealthy=0.05</c> or <c>unhealthy=5%</c>.</summary>
    public static FailureRates Failures(IEnumerable<string> texts)
    {
        var rates = new FailureRates();
        foreach (var text in texts)
        {
            var (kind, share) = text.Split('=') is [var k, var s] ? (k, Share(s)) : ("", null);
            if (share is not { } value)
            {
                throw CommandException.Usage($"--fail {text}: write a kind and its share, as in unhealthy=5%. Kinds: {string.Join(", ", Kinds)}.");
            }

            rates = kind switch
            {
                "staging" => rates with { Staging = value },
                "falls-back" => rates with { FallsBack = value },
                "never-returns" => rates with { NeverReturns = value },
                "unhealthy" => rates with { Unhealthy = value },
                _ => throw CommandException.Usage($"--fail {text}: unknown kind {kind}. Kinds: {string.Join(", ", Kinds)}."),
            };
        }

        return rates;
    }

    public static Duration Time(string option, string text) =>
        Duration.TryParse(text, out var duration) ? duration : throw CommandException.Usage($"{option} {text}: write a duration, as in 30s, 10m or 24h.");

    public static DateTimeOffset Moment(string option, string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw CommandException.Usage($"{option} {text}: write a time, as in 2026-12-01T22:00:00Z.");

    private static DurationRange? Range(string text) =>
        text.Split("..") is [var least, .. var rest] && rest.Length <= 1 && Duration.TryParse(least, out var from) && Duration.TryParse(rest.Length == 0 ? least : rest[0], out var to)
            ? new(from, to)
            : null;

    private static double? Share(string text)
    {
        var percent = text.EndsWith('%');
        return double.TryParse(percent ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? percent ? number / 100 : number : null;
    }
}
