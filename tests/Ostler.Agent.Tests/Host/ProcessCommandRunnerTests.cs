using System.Diagnostics;
using Ostler.Agent.Host;
using Ostler.Api.Meta;

namespace Ostler.Agent.Tests.Host;

/// <summary>With real processes: what counts is what the kernel does.</summary>
public sealed class ProcessCommandRunnerTests
{
    private static readonly ProcessCommandRunner Runner = new(HostEntry.Direct, TimeProvider.System);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Arguments_arrive_as_they_are_because_no_shell_sees_them()
    {
        var result = await Runner.RunAsync(new HostCommand("printf", "%s|", "a b", "$(id)", "`id`", "; rm -rf /", "", "*"), Token);

        Assert.Equal("a b|$(id)|`id`|; rm -rf /||*|", result.Stdout);
        Assert.True(result.Succeeded);
    }

    [Fact]
    public async Task A_failure_is_a_result_with_its_exit_code_and_its_words()
    {
        var result = await Runner.RunAsync(new HostCommand("sh", "-c", "echo out; echo bad >&2; exit 3"), Token);

        Assert.Equal((3, "out\n", "bad\n", false), (result.ExitCode, result.Stdout, result.Stderr, result.Succeeded));
    }

    [Fact]
    public async Task Nothing_of_the_agents_own_environment_reaches_the_host()
    {
        // The agent's own has it: Process inherits what is set here.
        Environment.SetEnvironmentVariable("container", "oci");

        var result = await Runner.RunAsync(new HostCommand("env"), Token);

        var names = result.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=')[0]).Order(StringComparer.Ordinal);
        Assert.Equal(["LC_ALL", "PATH", "RPMOSTREE_CLIENT_ID", "SYSTEMD_COLORS", "SYSTEMD_PAGER"], names);
    }

    [Fact]
    public async Task A_program_gets_no_input()
    {
        Assert.Equal("", (await Runner.RunAsync(new HostCommand("cat"), Token)).Stdout);
    }

    [Fact]
    public async Task A_program_that_takes_too_long_is_killed_with_its_children()
    {
        var marker = $"31{Environment.ProcessId}";
        var result = await Runner.RunAsync(
            new HostCommand("sh", "-c", $"echo begun; sleep {marker} & wait") { Timeout = TimeSpan.FromMilliseconds(300) }, Token);

        Assert.Equal((true, false, -1, "begun\n"), (result.TimedOut, result.Succeeded, result.ExitCode, result.Stdout));
        await UntilAsync(() => !IsRunning($"sleep\0{marker}\0"));
    }

    [Fact]
    public async Task Cancelling_kills_the_program_with_its_children()
    {
        var marker = $"32{Environment.ProcessId}";
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = Runner.RunAsync(new HostCommand("sh", "-c", $"sleep {marker} & wait"), stop.Token);
        await UntilAsync(() => IsRunning($"sleep\0{marker}\0"));

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await UntilAsync(() => !IsRunning($"sleep\0{marker}\0"));
    }

    [Fact]
    public async Task Output_without_end_does_not_fill_the_memory()
    {
        var result = await Runner.RunAsync(new HostCommand("head", "-c", "8000000", "/dev/zero"), Token);

        Assert.Equal(ProcessCommandRunner.MaxOutput, result.Stdout.Length);
        Assert.True(result.Succeeded);
    }

    [Fact]
    public async Task A_child_that_is_left_behind_with_the_pipes_does_not_hold_up_the_agent()
    {
        var watch = Stopwatch.StartNew();

        var result = await Runner.RunAsync(new HostCommand("sh", "-c", "sleep 20 & exit 0"), Token);

        Assert.Equal(0, result.ExitCode);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task A_program_that_does_not_exist_is_told_by_its_name()
    {
        var failure = await Assert.ThrowsAsync<HostToolException>(() => Runner.RunAsync(new HostCommand("no-such-program"), Token));

        Assert.Equal(Reasons.HostToolFailed, failure.Reason);
        Assert.Contains("no-such-program", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_way_into_the_host_takes_all_namespaces_that_its_tools_live_in()
    {
        Assert.Equal(
            "nsenter --target 1 --mount --uts --ipc --net --pid --cgroup --setuid 0 --setgid 0 --", string.Join(' ', HostEntry.Nsenter.Prefix));
        Assert.Equal("/proc/1/root", HostEntry.Nsenter.Root);
        Assert.Null(HostEntry.Parse("chroot"));
    }

    /// <summary>
    /// A killed process is gone a moment after the signal; one that was not killed would sleep for longer than any test may run.
    /// </summary>
    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static bool IsRunning(string commandLine)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (char.IsAsciiDigit(Path.GetFileName(folder)[0])
                    && File.ReadAllText(Path.Combine(folder, "cmdline")) == commandLine
                    && !File.ReadAllText(Path.Combine(folder, "stat")).Contains(") Z ", StringComparison.Ordinal))
                {
                    return true;
                }
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return false;
    }
}
