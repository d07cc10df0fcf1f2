using Ostler.Agent.Checks;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Checks;

namespace Ostler.Agent.Tests.Watchdog;

/// <summary>greenboot, and boot loaders that count: they are waited for, and what they did is told.</summary>
public sealed class BootAssessmentTests : IDisposable
{
    private const string Greenboot = "/usr/lib/systemd/system/greenboot-healthcheck.service";
    private const string Counted = "/sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
    private const string Features = "/sys/firmware/efi/efivars/LoaderFeatures-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

    private readonly TempHost _host = new();
    private readonly Dictionary<string, CommandResult> _answers = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string> Hosts => new()
    {
        { "nobody judges", "", "", "" },
        { "an entry without a count", "/boot/loader/entries/ostree-1.conf", "", "" },
        { "a plus that is no count", "/boot/loader/entries/fedora+beta.conf", "", "" },
        { "an entry with tries, and a boot loader that does not count (GRUB)", "/boot/loader/entries/ostree-2+3.conf", "inactive\n", "" },
        { "the same after a way back by set-default", "/boot/loader/entries/ostree-1+3-0.conf", "inactive\n", "" },
        { "a kernel with a plus in its version", "/boot/loader/entries/vmlinuz-6.12.38+1.conf", "inactive\n", "" },
        { "greenboot, disabled", Greenboot, "ActiveState=inactive\nUnitFileState=disabled\n", "" },
        { "greenboot, at work", Greenboot, "ActiveState=activating\nUnitFileState=enabled\n", "open: greenboot has not judged" },
        { "greenboot, not begun", Greenboot, "ActiveState=inactive\nUnitFileState=enabled\n", "open: greenboot has not judged" },
        { "greenboot, green", Greenboot, "ActiveState=active\nUnitFileState=enabled\n", "good: greenboot: this boot is green" },
        { "greenboot, red", Greenboot, "ActiveState=failed\nUnitFileState=enabled\n", "bad: greenboot: this boot is red" },
        { "counted, complete", Counted, "active\n", "good: boot-complete.target" },
        { "counted, not complete", Counted, "inactive\n", "open: the boot loader counts" },
    };

    public void Dispose() => _host.Dispose();

    [Theory, MemberData(nameof(Hosts))]
    public async Task Is_read(string label, string file, string answer, string expected)
    {
        Assert.NotEmpty(label);
        Given(file, answer);

        var read = await BootAssessment.ReadAsync(Runner, _host.Files, Token);

        var said = read.Pending ? $"open: {read.Message}" : read.Verdict switch { true => $"good: {read.Message}", false => $"bad: {read.Message}", null => "" };
        Assert.StartsWith(expected, said, StringComparison.Ordinal);
        Assert.True(expected.Length > 0 || said.Length == 0, said);
    }

    [Theory]
    [InlineData("ActiveState=active\nUnitFileState=enabled\n", false, ConditionStatus.True)]
    [InlineData("ActiveState=activating\nUnitFileState=enabled\n", false, ConditionStatus.Unknown)]
    [InlineData("ActiveState=failed\nUnitFileState=enabled\n", false, ConditionStatus.False)]
    [InlineData("ActiveState=failed\nUnitFileState=enabled\n", true, ConditionStatus.True)]
    public async Task A_host_is_healthy_when_its_own_judge_has_called_it_so_which_is_asked_once(string answer, bool hadPassed, ConditionStatus expected)
    {
        Given(Greenboot, answer);
        var verification = new HostVerification(new HostChecks(Runner, new TestClock(HostTrees.Noon)), Runner, _host.Files);

        var result = await verification.RunAsync("1", null, hadPassed, Token);

        Assert.Equal(expected, result.Status);
        Assert.Equal(expected == ConditionStatus.Unknown ? HostVerification.AssessmentPoll : null, result.Next);
    }

    [Theory]
    [InlineData(Greenboot, "FALLBACK BOOT DETECTED! Default rpm-ostree deployment has been rolled back.\n", "greenboot")]
    [InlineData(Greenboot, "Boot Status is GREEN - Health Check SUCCESS\n", null)]
    [InlineData(Greenboot, "Sep 01 greenboot[1]: GRUB kernel fallback detected, rolling back\n", "its kernel did not boot")]
    [InlineData(Greenboot, "grub kernel FALLBACK detected\n", "its kernel did not boot")]
    [InlineData("/boot/loader/entries/ostree-2+0-3.conf", "", "used up all its tries")]
    [InlineData("/boot/loader/entries/ostree-2+0.conf", "", null)]
    [InlineData("/boot/loader/entries/vmlinuz-6.12+0-rc1.conf", "", null)]
    [InlineData("/boot/loader/entries/vmlinuz-6.12.0+0-3-amd64.conf", "", null)]
    [InlineData("", "", null)]
    public async Task Who_took_the_host_back_is_told(string file, string journal, string? expected)
    {
        Given(file, "");
        _answers["journalctl"] = new CommandResult(0, journal, "");

        var who = await BootAssessment.WhoFellBackAsync(Runner, _host.Files, Token);

        Assert.Equal(expected is null, who is null);
        Assert.Contains(expected ?? "", who ?? "", StringComparison.Ordinal);
    }

    /// <summary>Names, and what they say of tries left and made; most names with a plus say nothing.</summary>
    [Theory]
    [InlineData("ostree-2+3.conf", 3, 0)]
    [InlineData("ostree-2+2-1.conf", 2, 1)]
    [InlineData("ostree-1+3-0.conf", 3, 0)]
    [InlineData("fedora+beta.conf", null, 0)]
    [InlineData("vmlinuz-6.12+deb13-amd64.conf", null, 0)]
    [InlineData("vmlinuz-6.1+3-amd64.conf", null, 0)]
    [InlineData("ostree-2+3-1-1.conf", null, 0)]
    [InlineData("ostree-2+.conf", null, 0)]
    [InlineData("ostree-2+3.conf.bak", null, 0)]
    [InlineData("+3.conf", null, 0)]
    [InlineData("ostree-2+99999999999.conf", null, 0)]
    public void A_counter_is_a_counter_to_the_last_character(string name, int? left, int done) =>
        Assert.Equal(left is { } tries ? (tries, done) : null, BootCounting.Counter(name));

    /// <summary>A soft reboot passes by a boot loader that counts; where names alone have a plus, nothing is passed by.</summary>
    [Theory]
    [InlineData(0x7f, "/boot/loader/entries/ostree-2+3.conf", true)]
    [InlineData(0x10, "/boot/loader/entries/ostree-2+3.conf", true)]
    [InlineData(0x0f, "/boot/loader/entries/ostree-2+3.conf", false)]
    [InlineData(0x7f, "/boot/loader/entries/ostree-2.conf", false)]
    [InlineData(null, "/boot/loader/entries/ostree-2+3.conf", false)]
    [InlineData(null, Counted, true)]
    public async Task The_boot_loader_says_whether_it_counts(int? features, string file, bool counts)
    {
        Given(file, "");
        if (features is { } bits)
        {
            _host.Put(Features, "");
            File.WriteAllBytes(_host.At(Features), [6, 0, 0, 0, (byte)bits, 0, 0, 0, 0, 0, 0, 0]);
        }

        Assert.Equal(counts ? "boot counting" : null, await BootAssessment.WhoJudgesAsync(Runner, _host.Files, Token));
    }

    private AnsweringRunner Runner => new(_answers);

    private void Given(string file, string answer)
    {
        if (file.Length > 0)
        {
            _host.Put(file, "");
        }

        _answers["systemctl"] = new CommandResult(answer == "inactive\n" ? 3 : 0, answer, "");
    }

    private sealed class AnsweringRunner(Dictionary<string, CommandResult> answers) : ICommandRunner
    {
        public Task<CommandResult> RunAsync(HostCommand command, CancellationToken cancellationToken) => Task.FromResult(answers[command.Program]);
    }
}
