using Ostler.Agent.Host;
using Ostler.Agent.HostShell;
using Ostler.Agent.Loop;
using Ostler.Agent.Reboot;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Agent.Tests.Support.Trees;

namespace Ostler.Agent.Tests.Inspection;

/// <summary>
/// A person at the console stages a tree and boots it, as the agent would, and keeps out of the operator's way unless they insist.
/// </summary>
public sealed class HostOperationTests : IDisposable
{
    private const string Tree = "acme:acme/stable/x86_64/edge@";

    private readonly TempHost _host = new();
    private readonly TestClock _clock = new(Trees.Noon);
    private string? _answer;

    /// <summary>An apply that goes on where it should not waits for the host to go down: the test must not.</summary>
    private readonly CancellationTokenSource _deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public HostOperationTests() => _deadline.CancelAfter(TimeSpan.FromMinutes(1));

    private CancellationToken Token => _deadline.Token;

    private WatchdogStore Store => new(_host.Files);

    public void Dispose()
    {
        _deadline.Dispose();
        _host.Dispose();
    }

    [Theory]
    [InlineData("2022.7")]
    [InlineData("2026.4")]
    public async Task A_tree_is_staged_locked_and_the_host_goes_on_as_it_is(string version)
    {
        var ostree = Host("1*", version);

        var dry = await RunAsync(ostree, "stage", Tree + Commit(2), "--dry-run");
        Assert.Equal((0, "1*"), (dry.Code, ostree.List));
        Assert.DoesNotContain(ostree.Ran, c => c.Contains("pull", StringComparison.Ordinal) || c.Contains("deploy", StringComparison.Ordinal));
        var staged = await RunAsync(ostree, "stage", Tree + Commit(2));
        Assert.Equal("2l 1*", ostree.List);
        var pulls = ostree.Ran.Count(c => c.Contains(" pull ", StringComparison.Ordinal));
        var again = await RunAsync(ostree, "stage", Tree + Commit(2));
        var instead = await RunAsync(ostree, "stage", Tree + Commit(3), "--dry-run");

        Assert.StartsWith($"{Commit(2)[..12]} would be downloaded by ostree and staged, locked.", dry.Output, StringComparison.Ordinal);
        Assert.StartsWith($"2.0 ({Commit(2)[..12]}) is staged and locked: a reboot does not apply it. To boot it, run ostler-agent host apply.", staged.Output, StringComparison.Ordinal);
        Assert.Equal((0, 0, pulls), (staged.Code, again.Code, ostree.Ran.Count(c => c.Contains(" pull ", StringComparison.Ordinal))));
        Assert.Contains($"in place of 2.0 ({Commit(2)[..12]})", instead.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(ostree.Ran, c => c.StartsWith("systemctl reboot", StringComparison.Ordinal));
        Assert.Equal($"The host already runs {Commit(1)[..12]}, so nothing is staged.", (await RunAsync(ostree, "stage", Tree + Commit(1))).Output);
    }

    [Theory]
    [InlineData("quay.io/acme/edge-os", "has no digest")]
    [InlineData("quay.io/acme/edge-os:stable", "skopeo inspect")]
    [InlineData("quay.io/acme/edge-os:stable@sha256:{b}", "without a tag")]
    [InlineData("edge-os@sha256:{b}", "without a tag")]
    [InlineData("--opt@sha256:{b}", "Use status")]
    [InlineData("acme:edge@sha256:{b}", "without a tag")]
    [InlineData("acme:edge@{b}1", "has no digest")]
    [InlineData("acme/edge@{b}", "remote:branch@commit")]
    [InlineData("acme:../x@{b}", "remote:branch@commit")]
    [InlineData("acme:-x@{b}", "remote:branch@commit")]
    [InlineData("acme:a b@{b}", "remote:branch@commit")]
    [InlineData("@{b}", "Nothing is not a branch")]
    [InlineData("", "Nothing has no digest")]
    public async Task What_names_no_tree_reaches_no_command_and_is_told_how_to_be_written(string tree, string words)
    {
        var ostree = Host("1*");
        var (code, output, error) = await RunAsync(ostree, "stage", tree.Replace("{b}", Commit(2), StringComparison.Ordinal));

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Empty(ostree.Ran);
    }

    [Fact]
    public async Task An_image_of_another_kind_and_a_remote_that_is_not_there_are_refused()
    {
        var ostree = Host("1*");
        var (code, _, error) = await RunAsync(ostree, "stage", "quay.io/acme/edge-os@sha256:" + Commit(2));
        Assert.Equal(1, code);
        Assert.Contains("plain ostree updates this host", error, StringComparison.Ordinal);

        ostree.Remotes.Clear();
        (code, _, error) = await RunAsync(ostree, "stage", Tree + Commit(2));
        Assert.Equal(1, code);
        Assert.Contains("no remote acme", error, StringComparison.Ordinal);
        Assert.Equal("1*", ostree.List);
    }

    [Theory]
    [InlineData("2022.7")]
    [InlineData("2026.4")]
    public async Task Apply_arms_the_watchdog_pins_what_runs_and_reboots_into_what_is_staged(string version)
    {
        var ostree = Host("2l 1*", version);
        var run = RunAsync(ostree, "apply", "--yes");
        await _clock.WaitedForAsync(AgentDecision.RebootGrace);

        Assert.Equal("systemctl reboot", ostree.Ran[^1]);
        Assert.Equal("2s 1*", ostree.List);
        var record = Store.Read()!;
        Assert.Equal((WatchdogState.Armed, Commit(2), Commit(1), 720L, FirstBoot), (record.State, record.Target, record.Previous, record.TimeoutSeconds, record.ArmedIn));
        Assert.True(_host.Files.Exists(KnownGood.Path));
        Assert.True(ostree.WatchdogEnabled);

        // As long as the host is still up, the agent keeps off.
        Assert.Throws<HostToolException>(() => ConsoleLock.Respect(_host.Files));
        _clock.Advance(AgentDecision.RebootGrace);
        var (code, _, error) = await run;
        Assert.Equal(1, code);
        Assert.Contains("still up 2 min after", error, StringComparison.Ordinal);
        ConsoleLock.Respect(_host.Files);

        ostree.Reboot(SecondBoot);
        Assert.Equal("2*", ostree.List.Split(' ')[0]);
    }

    [Fact]
    public async Task A_person_confirms_the_tree_that_runs_once_it_runs()
    {
        var ostree = Host("2s 1*");
        Store.Write(Armed());
        var (code, _, error) = await RunAsync(ostree, "confirm");
        Assert.Equal(1, code);
        Assert.Contains("has not booted yet", error, StringComparison.Ordinal);
        Assert.True(Store.Exists);

        ostree.Reboot(SecondBoot);
        Assert.Equal(0, (await RunAsync(ostree, "confirm")).Code);
        Assert.False(Store.Exists);
        Assert.Contains("nothing to confirm", (await RunAsync(ostree, "confirm")).Output, StringComparison.Ordinal);

        Store.Write(Armed(WatchdogState.Fired, SecondBoot));
        (code, _, error) = await RunAsync(ostree, "confirm");
        Assert.Equal(1, code);
        Assert.Contains("Too late", error, StringComparison.Ordinal);
        Assert.True(Store.Exists);
    }

    [Theory]
    [InlineData("y", true)]
    [InlineData("yes", true)]
    [InlineData("n", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public async Task A_person_is_asked_and_only_yes_means_yes(string? answer, bool reboots)
    {
        var ostree = Host("2l 1*");
        _answer = answer ?? "\u0004";
        var run = RunAsync(ostree, "apply", "--no-watchdog");
        if (reboots)
        {
            await _clock.WaitedForAsync(AgentDecision.RebootGrace);
            Assert.Equal("systemctl reboot", ostree.Ran[^1]);
            Assert.False(Store.Exists);
            _clock.Advance(AgentDecision.RebootGrace);
            await run;
            return;
        }

        var (code, output, error) = await run;
        Assert.Equal((2, "Not confirmed. No changes were made."), (code, error));
        Assert.StartsWith($"Reboot this host into 2.0 ({Commit(2)[..12]})? Its pods are not drained. No watchdog:", output, StringComparison.Ordinal);
        Assert.Equal("2l 1*", ostree.List);
        Assert.False(_host.Files.Exists(KnownGood.Path));
    }

    [Fact]
    public async Task Without_a_terminal_and_without_yes_nothing_happens()
    {
        var ostree = Host("2l 1*");
        Assert.Equal((2, "", "No terminal to ask for confirmation. Add --yes to reboot this host, or --dry-run to see what would happen."), await RunAsync(ostree, "apply"));
        var (code, output, _) = await RunAsync(ostree, "apply", "--dry-run");
        Assert.Equal(0, code);
        Assert.StartsWith($"The host would be rebooted into 2.0 ({Commit(2)[..12]}). The host rolls back to 1.0", output, StringComparison.Ordinal);
        Assert.Equal("2l 1*", ostree.List);
        Assert.DoesNotContain(ostree.Ran, c => c.StartsWith("systemctl reboot", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tree_that_will_not_be_unlocked_is_not_rebooted_into()
    {
        var ostree = Host("2l 1*");
        ostree.After = (line, _) =>
        {
            if (line.EndsWith("lock-finalization --unlock", StringComparison.Ordinal))
            {
                ostree.Before = (_, _) =>
                {
                    _host.Put("/run/ostree/staged-deployment-locked", "");
                    return Task.CompletedTask;
                };
            }

            return Task.CompletedTask;
        };

        var (code, _, error) = await RunAsync(ostree, "apply", "--yes");
        Assert.Equal(1, code);
        Assert.Contains("The host is not rebooted.", error, StringComparison.Ordinal);
        Assert.DoesNotContain(ostree.Ran, c => c.StartsWith("systemctl reboot", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_nothing_staged_there_is_nothing_to_apply()
    {
        var (code, _, error) = await RunAsync(Host("1* 2"), "apply", "--yes");
        Assert.Equal(1, code);
        Assert.Contains("No other image is staged on this host. ostler-agent host stage", error, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> InFlight => new()
    {
        { "told to reboot", "the agent has instructed the host to reboot" },
        { "rebooted", "attempt 1 of an upgrade by the controller is in progress" },
        { "armed", "a new image is on trial, or about to be" },
        { "fired", "the watchdog is rolling the host back" },
        { "pinned", "the previous deployment is still pinned" },
    };

    [Theory]
    [MemberData(nameof(InFlight))]
    public async Task What_the_operator_has_under_way_is_left_alone_unless_a_person_insists(string what, string words)
    {
        var ostree = Host("3l 1*");
        switch (what)
        {
            case "told to reboot":
                new PendingBootStore(_host.Files).Write(Pending());
                break;
            case "rebooted":
                new PendingBootStore(_host.Files).Write(Pending(bootID: "boot-0"));
                break;
            case "pinned":
                _host.Put(KnownGood.Path, "{}");
                break;
            default:
                Store.Write(Armed(what == "armed" ? WatchdogState.Armed : WatchdogState.Fired, what == "armed" ? null : FirstBoot));
                break;
        }

        foreach (var line in (string[][])[["stage", Tree + Commit(2)], ["apply", "--yes"]])
        {
            var (code, output, error) = await RunAsync(ostree, line);
            Assert.Equal((1, ""), (code, output));
            Assert.Contains(words, error, StringComparison.Ordinal);
            Assert.Contains("--force", error, StringComparison.Ordinal);
        }

        Assert.Equal("3l 1*", ostree.List);
        Assert.Equal(0, (await RunAsync(ostree, "stage", Tree + Commit(2), "--force")).Code);
        Assert.Equal("2l 1*", ostree.List);
    }

    [Fact]
    public async Task A_staging_that_goes_on_is_left_alone_even_when_a_person_insists()
    {
        var ostree = Host("3l 1*");
        ostree.GoOnStaging();

        foreach (var line in (string[][])[["stage", Tree + Commit(2), "--force"], ["apply", "--yes", "--force"]])
        {
            var (code, output, error) = await RunAsync(ostree, line);
            Assert.Equal((1, ""), (code, output));
            Assert.Contains("Not now: an image is being staged (ostler-stage.service).", error, StringComparison.Ordinal);
        }

        Assert.Equal("3l 1*", ostree.List);
    }

    [Fact]
    public void Another_client_of_rpm_ostree_is_left_alone()
    {
        var report = new HostReport { Backend = "rpm-ostree", BackendVersion = "2024.6", BootID = FirstBoot, Trees = [] };
        ConsoleGuard.RefuseWhileBusy(report);

        var refusal = Assert.Throws<HostToolException>(() => ConsoleGuard.RefuseWhileBusy(report with { Transaction = "upgrade (by root)" }));

        Assert.StartsWith("Not now: another program is using the host: upgrade (by root).", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_people_do_not_change_a_host_at_once()
    {
        var ostree = Host("2l 1*");
        using var first = ConsoleLock.Take(_host.Files);
        var (code, _, error) = await RunAsync(ostree, "stage", Tree + Commit(3), "--force");
        Assert.Equal(1, code);
        Assert.Contains("another user runs ostler-agent host", error, StringComparison.Ordinal);
        Assert.Equal("2l 1*", ostree.List);
    }

    [Fact]
    public async Task A_host_that_cannot_have_the_watchdog_says_how_to_go_without()
    {
        var ostree = Host("2l 1*");
        _host.Put("/etc/ostree/prepare-root.conf", "[etc]\ntransient = true\n");
        var (code, _, error) = await RunAsync(ostree, "apply", "--yes");
        Assert.Equal(1, code);
        Assert.EndsWith("Here: add --no-watchdog.", error, StringComparison.Ordinal);
        Assert.Equal("2l 1*", ostree.List);
    }

    [Fact]
    public async Task While_a_person_is_at_it_the_agent_waits()
    {
        await using var run = new AgentRun("2l 1*");
        using (ConsoleLock.Take(run.Host.Files))
        {
            run.Api.Ask(Stage(3));
            run.Start();
            await run.Clock.WaitedForAsync(NodeReconciler.BusyWait);
            Assert.Empty(run.Ostree.Ran);
            Assert.Contains("A user is changing this host", run.Api.Written[^1].Conditions!.Single(c => c.Type == Ostler.Api.Meta.ConditionTypes.Ready).Message, StringComparison.Ordinal);
        }

        run.Clock.Advance(NodeReconciler.BusyWait);
        await run.RestAsync();
        Assert.Equal("3l 1*", run.Ostree.List);
    }

    private SimulatedOstree Host(string deployments, string version = "2026.4")
    {
        var ostree = new SimulatedOstree(_host, version, deployments);
        ostree.Remotes["acme"] = "https://ostree.example/repo";
        return ostree;
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(SimulatedOstree ostree, params string[] words)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var terminal = _answer is null ? null : new StringReader(_answer == "\u0004" ? "" : _answer + "\n");
        var code = await HostConsoleCommand.RunAsync(
            words, new HostInspection(ostree, _host.Files, _clock), new HostOperation(ostree, _host.Files, _clock, () => AgentRun.Program, TextWriter.Null), terminal, output, error, Token);
        return (code, output.ToString().TrimEnd(), error.ToString().TrimEnd());
    }
}
