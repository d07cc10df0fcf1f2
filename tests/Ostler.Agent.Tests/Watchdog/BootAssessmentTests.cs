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
    private const string Counted = "/boot/loader/entries/ostree-2+2-1.conf";

    private readonly TempHost _host = new();
    private readonly Dictionary<string, CommandResult> _answers = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string> Hosts => new()
    {
        { "nobody judges", "", "", "" },
        { "an entry without a count", "/boot/loader/entries/ostree-1.conf", "", "" },
        { "a plus that is no count", "/boot/loader/entries/fedora+beta.conf", "", "" },
        { "greenboot, disabled", Greenboot, "ActiveState=inactive\nUnitFileState=disabled\n", "" },
        { "greenboot, at work", Greenboot, "ActiveState=activating\nUnitFileState=enabled\n", "open: greenboot has not judged" },
        { "greenboot, not begun", Greenboot, "ActiveState=inactive\nUnitFileState=enabled\n", "open: greenboot has not judged" },
        { "greenboot, green", Greenboot, "ActiveState=active\nUnitFileState=enabled\n", "good: greenboot calls" },
        { "greenboot, red", Greenboot, "ActiveState=failed\nUnitFileState=enabled\n", "bad: greenboot calls" },
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
        var verification = new HostVerification(new HostChecks(Runner, new TestClock()), Runner, _host.Files);

        var result = await verification.RunAsync("1", null, hadPassed, Token);

        Assert.Equal(expected, result.Status);
        Assert.Equal(expected == ConditionStatus.Unknown ? HostVerification.AssessmentPoll : null, result.Next);
    }

    [Theory]
    [InlineData(Greenboot, "FALLBACK BOOT DETECTED! Default rpm-ostree deployment has been rolled back.\n", "greenboot")]
    [InlineData(Greenboot, "Boot Status is GREEN - Health Check SUCCESS\n", null)]
    [InlineData("/boot/loader/entries/ostree-2+0-3.conf", "", "counted all its tries down")]
    [InlineData("", "", null)]
    public async Task Who_took_the_host_back_is_told(string file, string journal, string? expected)
    {
        Given(file, "");
        _answers["journalctl"] = new CommandResult(0, journal, "");

        var who = await BootAssessment.WhoFellBackAsync(Runner, _host.Files, Token);

        Assert.Equal(expected is null, who is null);
        Assert.Contains(expected ?? "", who ?? "", StringComparison.Ordinal);
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
