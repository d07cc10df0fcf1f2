using System.ComponentModel;
using System.Diagnostics;
using Ostler.Api.Meta;

namespace Ostler.Agent.Host;

/// <summary>Runs programs on the host as child processes.</summary>
internal sealed class ProcessCommandRunner(HostEntry entry, TimeProvider time) : ICommandRunner
{
    /// <summary>How many characters of a stream are kept.</summary>
    public const int MaxOutput = 512 * 1024;

    /// <summary>
    /// How long pipes may stay open after the program itself has ended or was killed: a child that it left behind may hold them.
    /// </summary>
    private static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(2);

    /// <summary>
    /// What a host tool needs wherever it runs: words that can be recognized, and a name by which rpm-ostree tells others who is at work.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, string?>> ToolEnvironment { get; } = [new("LC_ALL", "C"), new("RPMOSTREE_CLIENT_ID", "ostler-agent")];

    /// <summary>
    /// All that a host tool gets to see. The pod's own environment would tell bootc and rpm-ostree (<c>container=</c>) that they are in a
    /// container, systemd tools (<c>NOTIFY_SOCKET</c>, <c>INVOCATION_ID</c>) whose unit they are, and every tool which proxy to use.
    /// </summary>
    private static readonly KeyValuePair<string, string?>[] Environment =
    [
        new("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        .. ToolEnvironment,
        new("SYSTEMD_COLORS", "0"),
        new("SYSTEMD_PAGER", ""),
    ];

    public async Task<CommandResult> RunAsync(HostCommand command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var process = Start(command);
        process.StandardInput.Close();
        var stdout = BoundedOutput.ReadAsync(process.StandardOutput, MaxOutput);
        var stderr = BoundedOutput.ReadAsync(process.StandardError, MaxOutput);

        using var limit = new CancellationTokenSource(command.Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var timedOut = false;
        try
        {
            await process.WaitForExitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            timedOut = true;
        }

        return new CommandResult(timedOut ? -1 : process.ExitCode, await Drain(stdout), await Drain(stderr)) { TimedOut = timedOut };
    }

    private Process Start(HostCommand command)
    {
        var start = new ProcessStartInfo
        {
            FileName = entry.Prefix.Count > 0 ? entry.Prefix[0] : command.Program,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in entry.Prefix.Skip(1))
        {
            start.ArgumentList.Add(word);
        }

        if (entry.Prefix.Count > 0)
        {
            start.ArgumentList.Add(command.Program);
        }

        foreach (var argument in command.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception failure)
        {
            throw new HostToolException(Reasons.HostToolFailed, $"{start.FileName} cannot be started: {failure.Message}");
        }
    }

    private async Task<string> Drain(Task<string> output)
    {
        try
        {
            return await output.WaitAsync(PipeGrace, time);
        }
        catch (TimeoutException)
        {
            return "";
        }
    }
}
