using System.Diagnostics;
using Ostler.Agent.Watchdog;

namespace Ostler.Agent.Tests.Watchdog;

public sealed class WatchdogUnitsTests
{
    [Fact]
    public async Task Systemd_itself_finds_nothing_wrong_with_the_units()
    {
        const string program = "/usr/bin/systemd-analyze";
        Assert.SkipUnless(File.Exists(program), "There is no systemd-analyze on this machine.");
        var folder = Directory.CreateTempSubdirectory("ostler-units-");
        try
        {
            var timer = Path.Combine(folder.FullName, WatchdogUnits.Timer);
            await File.WriteAllTextAsync(timer, WatchdogUnits.TimerText, TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(
                Path.Combine(folder.FullName, Path.GetFileName(WatchdogUnits.ServicePath)), WatchdogUnits.ServiceText, TestContext.Current.CancellationToken);

            Assert.Equal((0, ""), await VerifyAsync(program, timer));

            // That it would find something wrong.
            await File.AppendAllTextAsync(timer, "[Timer]\nOnBootSec=a while\n", TestContext.Current.CancellationToken);
            Assert.Contains(Path.GetFileName(timer), (await VerifyAsync(program, timer)).Words, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void They_are_where_the_program_looks_for_its_record_and_survive_a_rescue_shell()
    {
        Assert.Contains("ConditionPathExists=" + WatchdogStore.Path, WatchdogUnits.TimerText, StringComparison.Ordinal);
        Assert.Contains("IgnoreOnIsolate=yes", WatchdogUnits.TimerText, StringComparison.Ordinal);
        Assert.Contains("IgnoreOnIsolate=yes", WatchdogUnits.ServiceText, StringComparison.Ordinal);
        Assert.Contains($"ExecStart=/usr/bin/env {WatchdogUnits.Program} watchdog check", WatchdogUnits.ServiceText, StringComparison.Ordinal);
        Assert.All([WatchdogUnits.TimerText, WatchdogUnits.ServiceText], text => Assert.Contains("DefaultDependencies=no", text, StringComparison.Ordinal));
    }

    private static async Task<(int Code, string Words)> VerifyAsync(string program, string unit)
    {
        var start = new ProcessStartInfo(program, ["verify", "--man=no", "--recursive-errors=no", unit]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }
}
