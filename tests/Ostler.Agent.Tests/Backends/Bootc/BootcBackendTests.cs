using Ostler.Agent.Backends.Bootc;
using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Agent.Tests.Support.BootcDocuments;

namespace Ostler.Agent.Tests.Backends.Bootc;

public sealed class BootcBackendTests : IDisposable
{
    private const string Status = "bootc status --json --format-version=1";

    private readonly TempHost _host = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static NodeImage Image { get; } = new() { Container = new NodeContainerImage { Repository = "quay.io/acme/edge-os" }, Digest = Digest('b'), Version = "b.0" };

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task An_image_is_switched_to_by_digest_behind_a_lock_that_is_there_before()
    {
        var runner = Host(Of("a"), Of("a"), Of("a", staged: "b"));

        Assert.Empty(await StageAsync(runner));

        Assert.Contains(runner.Ran, c => c.EndsWith($"-- bootc switch quay.io/acme/edge-os@{Digest('b')}", StringComparison.Ordinal));
        Assert.True(_host.Files.Exists(OstreeStatus.LockFile));
    }

    [Fact]
    public async Task A_newer_ostree_gives_the_deployment_a_lock_of_its_own()
    {
        var runner = Host(Of("a"), Of("a"), Of("a", staged: "b")).On("ostree admin lock-finalization").On("ostree admin status", Deployments("l"));

        await StageAsync(runner, new OstreeVersion(2024, 8));

        Assert.Contains("ostree admin lock-finalization", runner.Ran);
        Assert.False(_host.Files.Exists(OstreeStatus.LockFile));
    }

    [Theory]
    [InlineData("\"containerPolicy\"", true)]
    [InlineData("\"insecure\"", false)]
    public async Task What_had_to_be_signed_is_followed_by_what_has_to_be_signed(string signature, bool enforced)
    {
        var runner = Host(Of("a", signature: signature), Of("a", signature: signature), Of("a", staged: "b"));

        await StageAsync(runner);

        Assert.Equal(enforced, runner.Ran.Any(c => c.Contains("switch --enforce-container-sigpolicy", StringComparison.Ordinal)));
    }

    /// <summary>bootc switch has no option for these, and without one it would ask for no signature at all.</summary>
    [Theory]
    [InlineData("{\"ostreeRemote\":\"fedora\"}", "the keys of the OSTree remote fedora")]
    [InlineData("\"quantum\"", "in a way that this agent does not support")]
    [InlineData("{\"sigstore\":{}}", "in a way that this agent does not support")]
    [InlineData("7", "in a way that this agent does not support")]
    public async Task What_was_verified_in_another_way_is_refused_and_not_switched_to_unverified(string signature, string words)
    {
        var runner = Host(Of("a", signature: signature), Of("a", signature: signature), Of("a", staged: "b"));

        var failure = await Assert.ThrowsAsync<HostToolException>(() => StageAsync(runner));

        Assert.Equal(Reasons.SignatureRefused, failure.Reason);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(runner.Ran, c => c.Contains("bootc switch", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, "nothing is staged")]
    [InlineData("c", "sha256:cccc")]
    public async Task A_success_without_the_image_is_a_failure_and_leaves_no_lock_behind(string? staged, string words)
    {
        var runner = Host(Of("a"), Of("a"), Of("a", staged: staged));
        if (staged is null)
        {
            runner.On("ostree admin status", Deployments(""));
        }

        var failure = await Assert.ThrowsAsync<HostToolException>(() => StageAsync(runner));

        Assert.Equal(Reasons.HostToolFailed, failure.Reason);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Equal(staged is not null, _host.Files.Exists(OstreeStatus.LockFile));
    }

    [Fact]
    public async Task While_a_staging_of_an_earlier_agent_has_the_lock_the_status_before_it_counts()
    {
        _host.Put(StagingUnit.Fragment, "");
        _host.Put("/run/ostler/bootc-status.json", Of("a"));
        var runner = new ScriptedRunner().On("systemctl show", "ActiveState=active\nDescription=x\n");

        var deployments = await Backend(runner).ReadAsync(Token);

        Assert.Equal("aaaa*", Lists.Describe(deployments));
        Assert.DoesNotContain(Status, runner.Ran);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"kind\":\"BootcHost\",\"sta")]
    [InlineData("{\"kind\":\"BootcHost\",\"apiVersion\":\"v9\"}")]
    public async Task A_status_that_was_kept_and_is_damaged_is_asked_for_again(string kept)
    {
        _host.Put(StagingUnit.Fragment, "");
        _host.Put("/run/ostler/bootc-status.json", kept);
        var runner = new ScriptedRunner().On("systemctl show", "ActiveState=active\nDescription=x\n").On(Status, Of("a"));

        Assert.Equal("aaaa*", Lists.Describe(await Backend(runner).ReadAsync(Token)));
    }

    [Fact]
    public async Task A_lock_that_only_ostree_shows_is_seen()
    {
        var runner = new ScriptedRunner().On(Status, Of("a", staged: "b")).On("ostree admin status", Deployments("l"));

        Assert.Equal("bbbbsl aaaa*", Lists.Describe(await Backend(runner, new OstreeVersion(2024, 8)).ReadAsync(Token)));
    }

    [Fact]
    public async Task What_was_downloaded_only_is_locked_and_a_soft_reboot_is_told_of()
    {
        var runner = new ScriptedRunner().On(Status, Of("a", staged: "b", downloadOnly: true, softReboot: true));

        Assert.Equal("bbbbslq aaaa*", Lists.Describe(await Backend(runner).ReadAsync(Token)));
    }

    [Theory]
    [InlineData(true, 2026, 1, null)]
    [InlineData(false, 2026, 1, "bootc refuses a soft reboot into")]
    [InlineData(true, 2025, 7, "ostree 2025.7 has no reliable soft reboot (2026.1 and later do)")]
    [InlineData(true, 2024, 8, "ostree 2024.8 has no reliable soft reboot")]
    public void A_soft_reboot_needs_the_word_of_bootc_and_an_ostree_that_has_it(bool capable, int year, int number, string? refusal)
    {
        var staged = HostTrees.Deployments("2s 1*").Staged! with { SoftRebootCapable = capable };

        var said = Backend(new ScriptedRunner(), new OstreeVersion(year, number)).SoftReboot!.Refuse(staged);

        Assert.StartsWith(refusal ?? "", said ?? "", StringComparison.Ordinal);
        Assert.Equal(refusal is null, said is null);
    }

    /// <summary>What bootc says, what is wanted, and the one command that brings it about.</summary>
    [Theory]
    [InlineData("booted b, rollback a", 'a', "bootc rollback")]
    [InlineData("booted b, rollback a, queued", 'a', null)]
    [InlineData("booted b, rollback a, queued", 'b', "bootc rollback")]
    [InlineData("booted b, rollback c, other a", 'a', "ostree admin set-default 2")]
    [InlineData("booted b, rollback a, staged c", 'b', "ostree admin undeploy 0")]
    public async Task The_way_back_is_computed_and_taken_once(string state, char wanted, string? command)
    {
        var other = state.Contains("other", StringComparison.Ordinal) ? "a" : null;
        var rollback = other is null ? "a" : "c";
        var queued = state.Contains("queued", StringComparison.Ordinal);
        var before = Of("b", state.Contains("staged", StringComparison.Ordinal) ? "c" : null, rollback, other, queued);
        var after = wanted == 'b' ? Of("b", null, rollback) : Of("b", null, wanted.ToString(), null, rollbackQueued: true);
        var runner = new ScriptedRunner().On(Status, before, after).On("bootc rollback").On("ostree admin set-default").On("ostree admin undeploy")
            .On("ostree admin status", Deployments("b*", "c", "a"));

        await Backend(runner, new OstreeVersion(2024, 8)).RollBackAsync(Digest(wanted), new HostDeployments([]), Token);

        Assert.Equal(command is null ? [] : [command], runner.Ran.Where(c => c != Status && !c.StartsWith("ostree admin status", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_tree_that_is_gone_is_told()
    {
        var runner = new ScriptedRunner().On(Status, Of("b", rollback: "a"));

        var failure = await Assert.ThrowsAsync<HostToolException>(() => Backend(runner).RollBackAsync(Digest('c'), new HostDeployments([]), Token));

        Assert.Equal(Reasons.RollbackImpossible, failure.Reason);
        Assert.DoesNotContain("bootc rollback", runner.Ran);
    }

    [Fact]
    public void Images_that_it_cannot_or_must_not_handle_are_refused()
    {
        var backend = Backend(new ScriptedRunner());

        Assert.Null(backend.Refuse(Image));
        NodeImage[] bad =
        [
            HostTrees.Image(2),
            Image with { Digest = new string('b', 64) },
            Image with { Digest = "stable" },
            Image with { Container = new NodeContainerImage { Repository = "--apply" } },
            Image with { Container = new NodeContainerImage { Repository = "quay.io/acme/edge-os:stable" } },
        ];
        Assert.All(bad, image => Assert.NotNull(backend.Refuse(image)));
    }

    [Theory]
    [InlineData("error: Switching: pinging container registry quay.io: dial tcp: lookup quay.io: no such host", Reasons.PullFailed)]
    [InlineData("error: Switching: reading manifest sha256:0 in quay.io/acme/edge-os: manifest unknown", Reasons.PullFailed)]
    [InlineData("error: Switching: toomanyrequests: rate limit", Reasons.PullFailed)]
    [InlineData("error: Switching: A signature was required, but no signature exists", Reasons.SignatureRefused)]
    [InlineData("error: Switching: Source image rejected: cryptographic signature verification failed: invalid signature", Reasons.SignatureRefused)]
    [InlineData("error: Switching: Insufficient free space for x (available: 1 required: 2)", Reasons.DiskFull)]
    [InlineData("error: Switching: Importing: No space left on device", Reasons.DiskFull)]
    [InlineData("error: Switching: Initializing storage: Remounting /sysroot read-write: Permission denied", Reasons.HostToolFailed)]
    [InlineData("error: Detected container; this command requires a booted host system.", Reasons.HostToolFailed)]
    public void What_a_switch_complains_of(string stderr, string reason) =>
        Assert.Equal(reason, BootcCommands.Failure(new HostCommand("bootc", "switch", "x"), new CommandResult(1, stderr, stderr)).Reason);

    [Fact]
    public void A_status_without_an_answer_waits_for_somebody_elses_lock() =>
        Assert.Equal(Reasons.TransactionInProgress, BootcCommands.Failure(BootcStatus.Command, new CommandResult(-1, "", "") { TimedOut = true }).Reason);

    private Task<IReadOnlyList<string>> StageAsync(ScriptedRunner runner, OstreeVersion? version = null) =>
        Backend(runner, version).StageAsync(Image, new HostDeployments([]), Token);

    private BootcBackend Backend(ICommandRunner runner, OstreeVersion? version = null) =>
        new("1.12.0", runner, _host.Files, new OstreeTools(version ?? new OstreeVersion(2022, 7), runner, _host.Files, Given.Unit(runner, _host.Files)));

    /// <summary>A host whose bootc says one thing after the other, and whose ostree has something staged.</summary>
    private static ScriptedRunner Host(params string[] statuses) => new ScriptedRunner()
        .On(Status, statuses)
        .On("ostree admin status", Deployments("s"))
        .On("systemctl show", "ActiveState=inactive\nResult=success\n")
        .On("systemd-run")
        .On("stat --file-system", "1000000 4096\n")
        .On("ostree --repo=/ostree/repo ls", "")
        .On("ostree admin config-diff", "");

    /// <summary>
    /// As ostree lists them: <c>b*</c> is booted; a mark alone is one that is staged (<c>s</c>) or staged and locked (<c>l</c>) before a
    /// booted one.
    /// </summary>
    private static string Deployments(params string[] entries) => entries switch
    {
        [""] => Line("a*"),
        ["s" or "l"] => Line("b").TrimEnd('\n') + (entries[0] == "s" ? " (staged)\n" : " (finalization locked)\n") + Line("a*"),
        _ => string.Concat(entries.Select(Line)),
    };

    private static string Line(string entry) => $"{(entry.EndsWith('*') ? '*' : ' ')} default {new string(entry[0], 63)}0.0\n";
}
