using System.Text.RegularExpressions;
using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Backends.RpmOstree;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Tests.Backends.RpmOstree;

/// <summary>Every recorded output of rpm-ostree and of the units around it, and what it says.</summary>
public sealed partial class RpmOstreeSamplesTests : IDisposable
{
    private const string Rejected = "(rejected)";
    private static readonly HostCommand Rebase = new("rpm-ostree", "rebase", "x");

    private static readonly (string File, string Deployments)[] Statuses =
    [
        ("insights-edge-rpm-ostree-status-edge-false.json", "d004*+4 396e+4"),
        ("insights-edge-rpm-ostree-status-edge.invalid.json", Rejected),
        ("insights-edge-rpm-ostree-status-rhcos.json", "d6b1*"),
        ("insights-parser-good.json", "e267*"),
        ("microshift-fedora38-staged-booted-rollback-layered.json", "a467s+5 a467*+4 a467+6"),
        ("puptoo-host_type-data-0.json", "e267*"),

        // Two booted deployments at once: made up, and not to be believed.
        ("puptoo-host_type-data-1.json", Rejected),
        ("puptoo-rpmostree_status-data-0.json", "e267*"),
        ("puptoo-rpmostree_status-data-1.json", "9f7f*+18 3cd7+18"),
        ("puptoo-rpmostree_status-data-2.json", "006bs"),
        ("workstation-status.json", "9f7f*+18 3cd7+18"),
        ("zincati-rpm-ostree-staged.json", "7949sl 02f7*"),
        ("zincati-rpm-ostree-status-annotation.json", "a087*"),
        ("zincati-rpm-ostree-status.json", "a087*"),

        // Text for people, in place of JSON.
        ("text-status-busy-transaction.txt", Rejected),
        ("text-status-finalize-failed.txt", Rejected),
    ];

    private static readonly (string File, string Reason)[] Complaints =
    [
        ("stderr-transaction-in-progress.txt", Reasons.TransactionInProgress),
        ("stderr-registerclient-timeout.txt", Reasons.HostToolFailed),
        ("text-pull-container-min-free-space.txt", Reasons.DiskFull),
    ];

    /// <summary>The journal of the boot before (-1) or of this one (0), and what it tells of the finalization.</summary>
    private static readonly (string File, int Boot, string Words)[] Journals =
    [
        ("journal-boot-complete-failed.txt", 0, "Bootloader write config: grub2-mkconfig: Child process exited with code 1"),

        // Asked only when another tree than the target runs; here it was applied all the same, and nobody asks.
        ("journal-finalize-ok-then-cleanup-failed.txt", -1, "unlinkat(resolv.conf): Operation not permitted"),
        ("journal-finalize-staged-failed.txt", -1, "it started but did not finish"),
    ];

    private readonly TempHost _host = new();

    public static TheoryData<string, string> StatusFiles => [.. Statuses.Select(s => new TheoryDataRow<string, string>(s.File, s.Deployments) { Label = s.File })];

    public static TheoryData<string, string> ComplaintFiles => [.. Complaints.Select(s => new TheoryDataRow<string, string>(s.File, s.Reason) { Label = s.File })];

    public static TheoryData<string, int, string> JournalFiles =>
        [.. Journals.Select(s => new TheoryDataRow<string, int, string>(s.File, s.Boot, s.Words) { Label = s.File })];

    public void Dispose() => _host.Dispose();

    [Fact]
    public void No_sample_is_forgotten() => Assert.Equal(
        Directory.EnumerateFiles(Folder()).Select(f => Path.GetFileName(f)).Where(f => !f.EndsWith(".source", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
        Statuses.Select(s => s.File).Concat(Complaints.Select(c => c.File)).Concat(Journals.Select(j => j.File)).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(StatusFiles))]
    public void A_status_is_read(string file, string deployments) =>
        Assert.Equal(deployments, Lists.Describe(RpmOstreeStatusJson.Parse(Read(file))) ?? Rejected);

    [Theory, MemberData(nameof(ComplaintFiles))]
    public void A_complaint_is_understood(string file, string reason) =>
        Assert.Equal(reason, RpmOstreeCommands.Failure(Rebase, new CommandResult(1, "", Read(file))).Reason);

    [Theory, MemberData(nameof(JournalFiles))]
    public async Task A_failed_finalization_is_told_in_the_hosts_words(string file, int boot, string words)
    {
        // As --output=cat has it: the message alone.
        var journal = string.Join('\n', Read(file).Split('\n').Select(line => JournalPrefix().Replace(line, "")));
        var runner = new FakeCommandRunner()
            .On("journalctl --boot=0 --unit=ostree-boot-complete.service --output=cat --no-pager --quiet --lines=200 _UID=0", boot == 0 ? journal : "")
            .On("journalctl --boot=-1 --unit=ostree-finalize-staged.service --output=cat --no-pager --quiet --lines=200 _UID=0", boot == 0 ? "" : journal);

        var report = await new OstreeFinalization(runner, _host.Files).ExplainAsync(TestContext.Current.CancellationToken);

        Assert.Equal(Finalization.Failed, report.Outcome);
        Assert.Contains(words, report.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_daemon_that_did_not_start_in_time_is_started_and_asked_again()
    {
        var runner = new FakeCommandRunner().On("rpm-ostree status --json", exitCode: 1, stderr: Read("stderr-registerclient-timeout.txt")).On("systemctl start rpm-ostreed.service");
        var status = new RpmOstreeStatus(new RpmOstreeCommands(runner, Given.Unit(runner, _host.Files)));

        await Assert.ThrowsAsync<HostToolException>(() => status.ReadAsync(TestContext.Current.CancellationToken));

        Assert.Equal(["rpm-ostree status --json", "systemctl start rpm-ostreed.service", "rpm-ostree status --json"], runner.Ran);
    }

    [Fact]
    public void Layered_packages_do_not_hide_what_was_asked_for()
    {
        var deployments = RpmOstreeStatusJson.Parse(Read("microshift-fedora38-staged-booted-rollback-layered.json"))!;

        Assert.Equal("551647113bff576a61185a056d7d2359751eac87375f2668955805e404cc6627", deployments.Booted?.Commit);
        Assert.Equal("7f13707d7180ddf167cf796fee7e1d3238fc20517a6cc3aa03108eb2d325a467", deployments.Booted?.Digest);
        Assert.Equal(["greenboot", "langpacks-en", "neovim", "vim"], deployments.Booted!.Packages);
        Assert.Equal("fedora:fedora/38/x86_64/silverblue", deployments.Booted.Reference);
    }

    [Fact]
    public void A_container_image_is_known_by_its_manifest_and_another_updater_by_its_name()
    {
        var deployments = RpmOstreeStatusJson.Parse(Read("zincati-rpm-ostree-status.json"))!;

        Assert.Equal(
            new HostDeployment
            {
                Index = 0,
                Stateroot = "fedora-coreos",
                Digest = "sha256:ca99893c80a7b84dd84d4143bd27538207c2f38ab6647a58d9c8caa251f9a087",
                Checksum = "36ff46d732a070a1bf10f7157f764e316f99a836dcdbf56702798e5042411fe9",
                Serial = 0,
                Version = "43.20251024.3.0",
                Reference = "ostree-image-signed:docker://quay.io/fedora/fedora-coreos:stable",
                Booted = true,
            },
            deployments.Booted);
        Assert.Equal("Zincati (zincati.service)", deployments.Driver);
        Assert.Null(deployments.Transaction);
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(Folder(), file));

    private static string Folder()
    {
        Assert.SkipWhen(Shared.Samples is null, Shared.WhyNot);
        return Path.Combine(Shared.Samples!, "rpm-ostree");
    }

    [GeneratedRegex(@"^(?:\w{3} \d+ )?\d\d:\d\d:\d\d (?:\S+ )?\w+\[\d+\]: ")]
    private static partial Regex JournalPrefix();
}
