using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Shared;
using Ostler.Controller.Health;
using Ostler.Rollout.Health;
using Ostler.Testing.Alertmanager;
using Ostler.Testing.Checks;
using Ostler.Testing.Waiting;

namespace Ostler.Controller.Tests.Health;

/// <summary>What a real Alertmanager answers, so that the scripts of the other tests are not our own idea of it.</summary>
public sealed class RealAlertmanagerTests
{
    [Fact]
    public async Task An_alert_closes_the_gate_until_it_is_resolved_silenced_or_inhibited()
    {
        var (started, whyNot) = await AlertmanagerServer.StartAsync(Given.Cancel);
        Assert.SkipWhen(started is null, whyNot);
        await using var server = started!;
        AlertsCheck critical = new() { Matchers = [new() { Name = "severity", Value = "critical" }] };
        Assert.Equal(CheckOutcome.Passed, (await AskAsync(server, critical)).Outcome);
        Assert.Equal(CheckOutcome.Missing, (await AskAsync(server, critical with { Watchdog = "Watchdog" })).Outcome);

        await server.FireAsync(Labels("CephDown", "critical"), Given.Cancel);
        await server.FireAsync(Labels("Watchdog", "none"), Given.Cancel);
        await UntilAsync(server, critical, CheckOutcome.False);
        Assert.Contains("1 alert active: CephDown{severity=\"critical\"}", (await AskAsync(server, critical)).Message,
            StringComparison.Ordinal);
        Assert.Equal(CheckOutcome.False, (await AskAsync(server, critical with { Watchdog = "Watchdog" })).Outcome);
        Assert.Equal(CheckOutcome.Passed, (await AskAsync(server, critical with { Ignore = ["CephDown"] })).Outcome);

        // The alert that always fires does not count itself.
        AlertsCheck any = new()
        {
            Matchers = [new() { Name = "alertname", Value = ".+", Operator = AlertOperator.Matches }],
            Watchdog = "Watchdog",
            Ignore = ["CephDown"]
        };
        Assert.Equal(CheckOutcome.Passed, (await AskAsync(server, any)).Outcome);

        await server.ResolveAsync(Labels("CephDown", "critical"), Given.Cancel);
        await UntilAsync(server, critical, CheckOutcome.Passed);

        await server.FireAsync(Labels("CephDown", "critical"), Given.Cancel);
        await UntilAsync(server, critical, CheckOutcome.False);
        await server.SilenceAsync("CephDown", Given.Cancel);
        await UntilAsync(server, critical, CheckOutcome.Passed);

        AlertsCheck minor = new() { Matchers = [new() { Name = "severity", Value = "minor" }] };
        await server.FireAsync(Labels("PodDown", "minor"), Given.Cancel);
        await UntilAsync(server, minor, CheckOutcome.False);
        await server.FireAsync(Labels("ClusterDown", "info"), Given.Cancel);
        await UntilAsync(server, minor, CheckOutcome.Passed);
    }

    [Fact]
    public async Task Matchers_with_quotes_and_bad_expressions_are_told_apart()
    {
        var (started, whyNot) = await AlertmanagerServer.StartAsync(Given.Cancel);
        Assert.SkipWhen(started is null, whyNot);
        await using var server = started!;
        await server.FireAsync(new Dictionary<string, string> { ["alertname"] = "A", ["path"] = "a\\\\b\\\"c" }, Given.Cancel);
        AlertsCheck quoted = new() { Matchers = [new() { Name = "path", Value = "a\\b\"c" }] };
        await UntilAsync(server, quoted, CheckOutcome.False);
        Assert.Equal(CheckOutcome.Passed,
            (await AskAsync(server, new() { Matchers = [new() { Name = "path", Value = "a\\b\"d" }] })).Outcome);
        Assert.Equal(CheckOutcome.False,
            (await AskAsync(server, new() { Matchers = [new() { Name = "path", Value = "x", Operator = AlertOperator.DoesNotMatch }] }))
                .Outcome);

        var bad = await AskAsync(server, new() { Matchers = [new() { Name = "path", Value = "(", Operator = AlertOperator.Matches }] });
        Assert.Equal(CheckOutcome.Error, bad.Outcome);
        Assert.Contains("answers 400", bad.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Labels(string name, string severity) =>
        new() { ["alertname"] = name, ["severity"] = severity };

    private static Task<CheckFinding> UntilAsync(AlertmanagerServer server, AlertsCheck check, CheckOutcome outcome) => Polling.UntilAsync(
        $"the gate is {outcome}", async () => await AskAsync(server, check), found => found.Outcome == outcome, found =>
            $"{found.Outcome}: {found.Message}", Given.Cancel);

    private static async Task<CheckFinding> AskAsync(AlertmanagerServer server, AlertsCheck check) =>
        (await new CheckProbes(Given.Nowhere, null!, new FakeTimeProvider()) { Alertmanager = new() { Url = server.Address } }
            .EvaluateAsync(new(GateSamples.Valid("alerts") with { Alerts = check }, new()), Given.Cancel)).Whole;
}
