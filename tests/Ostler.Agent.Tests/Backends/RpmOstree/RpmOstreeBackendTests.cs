using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Backends.RpmOstree;
using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Agent.Reboot;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests.Backends.RpmOstree;

public sealed class RpmOstreeBackendTests : IDisposable
{
    private const string Status = "rpm-ostree status --json";
    private static readonly NodeImage Container = new() { Container = new NodeContainerImage { Repository = "quay.io/acme/edge-os" }, Digest = BootcDocuments.Digest('b') };

    private readonly TempHost _host = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _host.Dispose();

    [Fact]
    public void The_command_follows_from_what_the_host_follows()
    {
        var image = Image(2);
        string Command(NodeImage wanted, string? follows) =>
            RpmOstreeStage.CommandFor(wanted, Deployments("1*").Booted! with { Reference = follows }, _ => true).ToString();

        Assert.Equal($"rpm-ostree deploy --lock-finalization --skip-branch-check revision={Commit(2)}", Command(image, "acme:acme/stable/x86_64/edge"));
        Assert.Equal($"rpm-ostree rebase --lock-finalization acme:acme/stable/x86_64/edge {Commit(2)}", Command(image, "acme:other"));
        Assert.Equal($"rpm-ostree rebase --lock-finalization acme:acme/stable/x86_64/edge {Commit(2)}", Command(image, null));
        Assert.Equal(
            $"rpm-ostree rebase --lock-finalization --experimental ostree-unverified-registry:quay.io/acme/edge-os@{Container.Digest}",
            Command(Container, "ostree-unverified-registry:quay.io/acme/edge-os:stable"));
        Assert.Equal(
            $"rpm-ostree rebase --lock-finalization --experimental ostree-image-signed:docker://quay.io/acme/edge-os@{Container.Digest}",
            Command(Container, "ostree-image-signed:docker://quay.io/acme/edge-os:stable"));
    }

    /// <summary>What the host runs, and what it is rebased to: verified in the same way, or not at all.</summary>
    [Theory]
    [InlineData("ostree-image-signed:docker://quay.io/acme/os:stable", "ostree-image-signed:docker://")]
    [InlineData("ostree-image-signed:registry:quay.io/acme/os:stable", "ostree-image-signed:docker://")]
    [InlineData("ostree-image-signed:containers-storage:localhost/os", "ostree-image-signed:docker://")]
    [InlineData("ostree-image-signed:oci-archive:/var/os.tar", "ostree-image-signed:docker://")]
    [InlineData("ostree-remote-registry:fedora:quay.io/fedora/fedora-coreos:stable", "ostree-remote-registry:fedora:")]
    [InlineData("ostree-remote-image:fedora:docker://quay.io/fedora/fedora-coreos:stable", "ostree-remote-registry:fedora:")]
    [InlineData("ostree-remote-image:fedora:registry:quay.io/fedora/fedora-coreos:stable", "ostree-remote-registry:fedora:")]
    [InlineData("ostree-unverified-registry:quay.io/acme/os:stable", "ostree-unverified-registry:")]
    [InlineData("ostree-unverified-image:docker://quay.io/acme/os:stable", "ostree-unverified-registry:")]
    [InlineData("ostree-unverified-image:containers-storage:localhost/os", "ostree-unverified-registry:")]
    [InlineData("fedora:fedora/44/x86_64/silverblue", "ostree-remote-registry:fedora:")]
    [InlineData("local:edge", "ostree-unverified-registry:")]
    [InlineData("edge", "ostree-unverified-registry:")]
    [InlineData(null, "ostree-unverified-registry:")]
    [InlineData("ostree-image-verified:docker://quay.io/acme/os:stable", null)]
    [InlineData("ostree-remote-registry:quay.io/acme/os", null)]
    [InlineData("ostree-remote-registry:-x:quay.io/acme/os", null)]
    [InlineData("docker://quay.io/acme/os:stable", null)]
    public void No_spelling_of_the_running_reference_drops_its_verification(string? running, string? expected)
    {
        var booted = Deployments("1*").Booted! with { Reference = running };
        booted = running?.StartsWith("docker:", StringComparison.Ordinal) == true ? booted with { Digest = Container.Digest } : booted;
        string Command() => RpmOstreeStage.CommandFor(Container, booted, remote => remote != "local").ToString();

        if (expected is null)
        {
            Assert.Equal(Reasons.SignatureRefused, Assert.Throws<HostToolException>(Command).Reason);
            return;
        }

        Assert.Equal($"rpm-ostree rebase --lock-finalization --experimental {expected}quay.io/acme/edge-os@{Container.Digest}", Command());
    }

    /// <summary>What runs, whether the image's remote verifies, what the image says, and whether it is staged.</summary>
    [Theory]
    [InlineData("ostree-image-signed:docker://quay.io/acme/os:stable", false, true, false)]
    [InlineData("ostree-image-signed:docker://quay.io/acme/os:stable", false, false, true)]
    [InlineData("ostree-image-signed:docker://quay.io/acme/os:stable", true, true, true)]
    [InlineData("ostree-image-verified:docker://quay.io/acme/os:stable", false, true, false)]
    [InlineData("ostree-unverified-registry:quay.io/acme/os:stable", false, true, true)]
    [InlineData("other:edge", false, true, false)]
    [InlineData("acme:edge", false, true, true)]
    [InlineData(null, false, true, true)]
    public void A_verified_host_goes_to_a_remote_that_verifies_nothing_only_when_the_image_says_so(string? running, bool verifies, bool gpgVerify, bool allowed)
    {
        var image = Image(2).Ostree! with { GpgVerify = gpgVerify };
        var failure = Record.Exception(() => ImageTrust.CheckRemote(image, Deployments("1*").Booted! with { Reference = running }, remote => remote != "acme" || verifies));

        Assert.Equal(allowed ? null : Reasons.SignatureRefused, (failure as HostToolException)?.Reason);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("[remote \"acme\"]\nurl=https://x\n", true)]
    [InlineData("[remote \"acme\"]\ngpg-verify=false\n", false)]
    [InlineData("[remote \"acme\"]\ngpg-verify = false\n[remote \"other\"]\ngpg-verify=true\n", false)]
    [InlineData("[remote \"other\"]\ngpg-verify=false\n", true)]
    [InlineData("[remote \"acme\"]\ngpg-verify=false\nsign-verify=ed25519\n", true)]
    [InlineData("[remote \"acme\"]\ngpg-verify=false\nsign-verify=false\n", false)]
    public void A_remote_verifies_unless_its_configuration_says_that_it_does_not(string config, bool verifies)
    {
        _host.Put("/ostree/repo/config", config);
        Assert.Equal(verifies, new OstreeRemoteConfig(_host.Files).Verifies("acme"));

        _host.Files.Delete("/ostree/repo/config");
        _host.Put("/etc/ostree/remotes.d/acme.conf", config);
        Assert.Equal(verifies, new OstreeRemoteConfig(_host.Files).Verifies("acme"));
    }

    [Fact]
    public async Task A_commit_is_staged_locked_as_a_unit_and_the_daemon_is_held_back()
    {
        var runner = Host(Document("2l 1*"));

        Assert.Empty(await Backend(runner).StageAsync(Image(2, url: null), Read("1*"), Token));

        Assert.Contains("systemctl set-property --runtime rpm-ostreed.service CPUWeight=20 IOWeight=20", runner.Ran);
        Assert.Contains(runner.Ran, c => c.StartsWith("systemd-run", StringComparison.Ordinal)
            && c.EndsWith($"-- rpm-ostree rebase --lock-finalization acme:acme/stable/x86_64/edge {Commit(2)}", StringComparison.Ordinal));
        Assert.DoesNotContain("rpm-ostree cleanup -p", runner.Ran);
    }

    /// <summary>The base first: the other way round the packages would be layered on the new tree once more.</summary>
    [Theory]
    [InlineData(1, "rpm-ostree reset")]
    [InlineData(2, "rpm-ostree reset, rpm-ostree rebase")]
    public async Task Packages_are_dropped_before_the_image_is_laid_over_and_what_is_staged_is_locked_all_the_while(int image, string commands)
    {
        var locked = new List<bool>();
        var runner = Host(Document($"{image}l 1*"));
        var present = Read("1*");
        var layered = new HostDeployments([.. present.All.Select(d => d with { Packages = ["strace"] })]);
        runner.Running = command =>
        {
            if (command.Contains("-- rpm-ostree", StringComparison.Ordinal))
            {
                locked.Add(_host.Files.Exists(OstreeStatus.LockFile));
            }
        };

        await Backend(runner).RedeployAsync(Image(image, url: null), layered, Token);

        var ran = runner.Ran.Where(c => c.StartsWith("systemd-run", StringComparison.Ordinal)).Select(c => string.Join(' ', c[(c.IndexOf("-- ", StringComparison.Ordinal) + 3)..].Split(' ').Take(2)));
        Assert.Equal(commands, string.Join(", ", ran));
        Assert.All(locked, Assert.True);
        Assert.NotEmpty(locked);
    }

    [Theory]
    [InlineData("", null, RevertMethod.Nothing)]
    [InlineData("strace", null, RevertMethod.Redeploy)]
    [InlineData("strace", "hotfix", RevertMethod.Redeploy)]
    [InlineData("", "hotfix", RevertMethod.Nothing)]
    [InlineData("", "development", RevertMethod.Reboot)]
    [InlineData("", "live", RevertMethod.Reboot)]
    public void What_undoes_a_change(string package, string? mutated, object undo) =>
        Assert.Equal(undo, Backend(new ScriptedRunner()).RevertMethodFor(Deployments("1*").Booted! with { Packages = package.Length > 0 ? [package] : [], Mutated = mutated }));

    [Fact]
    public async Task What_is_staged_is_dropped_first_because_it_would_be_compared_with()
    {
        var runner = Host(Document("2l 1*"));

        await Backend(runner).StageAsync(Image(2, url: null), Read("3s 1*"), Token);

        Assert.Contains("rpm-ostree cleanup -p", runner.Ran);
    }

    [Theory]
    [InlineData("1*")]
    [InlineData("3l 1*")]
    [InlineData("2s 1*")]
    public async Task A_success_without_the_tree_staged_and_locked_is_a_failure(string after)
    {
        var failure = await Assert.ThrowsAsync<HostToolException>(() => Backend(Host(Document(after))).StageAsync(Image(2, url: null), Read("1*"), Token));

        Assert.Equal(Reasons.HostToolFailed, failure.Reason);
    }

    [Fact]
    public async Task A_transaction_of_somebody_else_is_waited_for()
    {
        var present = RpmOstreeStatusJson.Parse(Document("1*", transaction: """["upgrade",":1.381","/org/projectatomic/rpmostree1/labos"]"""))!;
        Assert.Equal("upgrade by :1.381", present.Transaction);

        var staging = await Assert.ThrowsAsync<HostToolException>(() => Backend(Host(Document("1*"))).StageAsync(Image(2), present, Token));
        var goingBack = await Assert.ThrowsAsync<HostToolException>(() => Backend(Host(Document("1*"))).RollBackAsync(Commit(1), present, Token));

        Assert.Equal((Reasons.TransactionInProgress, Reasons.TransactionInProgress), (staging.Reason, goingBack.Reason));
    }

    [Fact]
    public async Task Another_updater_is_named_and_not_fought()
    {
        var present = RpmOstreeStatusJson.Parse(Document("1*", driver: """{"driver-name":"Zincati","driver-sd-unit":"zincati.service"}"""))!;
        var runner = Host(Document("1*"));

        var failure = await Assert.ThrowsAsync<HostToolException>(() => Backend(runner).StageAsync(Image(2), present, Token));

        Assert.Equal(Reasons.OtherUpdater, failure.Reason);
        Assert.Contains("Zincati (zincati.service)", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(runner.Ran, c => c.StartsWith("systemd-run", StringComparison.Ordinal));
    }

    /// <summary>
    /// The deployments, what is wanted, and the commands that bring it about; rpm-ostree's own verb toggles, so it must not be used where
    /// it goes elsewhere.
    /// </summary>
    [Theory]
    [InlineData("2* 1", 1, "1 2*", "rpm-ostree rollback")]
    [InlineData("1 2*", 1, "1 2*", "")]
    [InlineData("1 2*", 2, "2* 1", "rpm-ostree cleanup -p")]
    [InlineData("2* 3 1", 1, "1 2* 3", "ostree admin set-default 2")]
    [InlineData("3s 2* 1", 1, "2* 1", "rpm-ostree cleanup -p, rpm-ostree rollback")]
    [InlineData("3 2* 1", 1, "1 3 2*", "ostree admin set-default 2")]
    public async Task The_way_back_is_computed_and_taken_once(string before, int wanted, string after, string commands)
    {
        var runner = new ScriptedRunner().On(Status, commands.Contains(',', StringComparison.Ordinal) ? [Document(after), Document("1 2*")] : [Document(after)])
            .On("rpm-ostree rollback").On("rpm-ostree cleanup -p").On("ostree admin set-default").On("ostree admin status", "");

        await Backend(runner).RollBackAsync(Commit(wanted), Read(before), Token);

        Assert.Equal(commands, string.Join(", ", runner.Ran.Where(c => c != Status)));
    }

    [Fact]
    public async Task A_tree_that_is_gone_and_one_that_does_not_come_first_are_told()
    {
        var runner = new ScriptedRunner().On(Status, Document("2* 1")).On("rpm-ostree rollback");

        var gone = await Assert.ThrowsAsync<HostToolException>(() => Backend(runner).RollBackAsync(Commit(3), Read("2* 1"), Token));
        Assert.Empty(runner.Ran);
        var stays = await Assert.ThrowsAsync<HostToolException>(() => Backend(runner).RollBackAsync(Commit(1), Read("2* 1"), Token));

        Assert.Equal((Reasons.RollbackImpossible, Reasons.RollbackImpossible), (gone.Reason, stays.Reason));
    }

    [Fact]
    public void States_that_nobody_recorded_are_read()
    {
        var json = Document("2l 1* 3p")
            .Replace("\"version\":\"1.0\"", "\"version\":\"1.0\",\"live-replaced\":\"x\",\"requested-base-removals\":[\"vim\"],\"requested-packages\":[\"tmux\"]", StringComparison.Ordinal)
            .Replace("\"deployments\"", "\"cached-update\":{\"version\":\"4.0\",\"timestamp\":-9007199254740993},\"deployments\"", StringComparison.Ordinal);

        var deployments = RpmOstreeStatusJson.Parse(json)!;

        Assert.Equal("bbbbsl aaaa*m+2 ccccp", Lists.Describe(deployments));
        Assert.Equal(["-vim", "tmux"], deployments.Booted!.Packages);
    }

    [Theory]
    [InlineData("error: Transaction in progress: update --check", Reasons.TransactionInProgress)]
    [InlineData("error: System transaction in progress", Reasons.TransactionInProgress)]
    [InlineData("error: Reboot initiated, cannot start new transaction", Reasons.TransactionInProgress)]
    [InlineData("error: No rollback deployment found", Reasons.RollbackImpossible)]
    [InlineData("error: While pulling acme/edge: Server returned HTTP 503", Reasons.PullFailed)]
    [InlineData("error: Importing: manifest unknown", Reasons.PullFailed)]
    [InlineData("error: Importing: containers-policy.json specifies a default of `insecureAcceptAnything`; refusing usage", Reasons.SignatureRefused)]
    [InlineData("error: Importing: Source image rejected: A signature was required, but no signature exists", Reasons.SignatureRefused)]
    [InlineData("error: Importing: min-free-space-percent '3%' would be exceeded", Reasons.DiskFull)]
    [InlineData("error: Old and new refs are equal: x", Reasons.HostToolFailed)]
    public void What_a_rebase_complains_of(string stderr, string reason) =>
        Assert.Equal(reason, RpmOstreeCommands.Failure(new HostCommand("rpm-ostree", "rebase", "x"), new CommandResult(1, stderr, stderr)).Reason);

    [Fact]
    public async Task A_host_that_could_is_not_rebooted_softly_for_a_tool_that_does_not_follow()
    {
        _host.Put("/usr/lib/systemd/system/soft-reboot.target", "");
        var runner = new ScriptedRunner();
        var present = Read("2s 1*");
        var soft = new SoftReboot(runner, _host.Files, new ApplyRecordStore(_host.Files), watchdog: null!, new AgentLog(TextWriter.Null, TimeProvider.System));

        var (how, _) = await soft.PrepareAsync(
            new NodeOS { Spec = HostTrees.Boot(2, 1) with { RebootMethod = RebootMethod.Auto } }, new HostBoot(HostTrees.FirstBoot, HostTrees.Noon) { SoftReboots = 0 }, Backend(runner), present, present.Staged!, Token);

        Assert.Equal((RebootKind.Reboot, "rpm-ostree has no soft reboot"), (how.Method, how.Message));
        Assert.Empty(runner.Ran);
    }

    private RpmOstreeBackend Backend(ICommandRunner runner) =>
        new("2024.6", runner, new OstreeTools(new OstreeVersion(2024, 8), runner, _host.Files, Given.Unit(runner, _host.Files)));

    private static HostDeployments Read(string list) => RpmOstreeStatusJson.Parse(Document(list))!;

    private static ScriptedRunner Host(string after) => new ScriptedRunner()
        .On(Status, after)
        .On("rpm-ostree cleanup -p")
        .On("ostree --repo=/ostree/repo remote show-url acme", "https://ostree.example/repo\n")
        .On("ostree --repo=/ostree/repo ls", "")
        .On("ostree admin status", "")
        .On("ostree admin config-diff", "")
        .On("stat --file-system", "1000000 4096\n")
        .On("systemctl")
        .On("systemctl show", "ActiveState=inactive\nResult=success\n")
        .On("systemd-run");

    /// <summary>Deployments written as <see cref="HostTrees.Deployments"/> reads them, and <c>3p</c> for a pinned one.</summary>
    private static string Document(string list, string transaction = "null", string driver = "null")
    {
        var entries = list.Split(' ').Select(word =>
            $$"""
            {"id":"x","osname":"edge","checksum":"{{Commit(word[0] - '0')}}","serial":0,"booted":{{Is(word, '*')}},"staged":{{(word[^1] is 's' or 'l' ? "true" : "false")}},
            "pinned":{{Is(word, 'p')}},"unlocked":"none","origin":"edge:x","version":"{{word[0]}}.0"{{(word[^1] == 'l' ? ",\"finalization-locked\":true" : "")}}}
            """);
        return $$"""{"deployments":[{{string.Join(',', entries)}}],"transaction":{{transaction}},"update-driver":{{driver}}}""";
    }

    private static string Is(string word, char mark) => word.Contains(mark, StringComparison.Ordinal) ? "true" : "false";
}
