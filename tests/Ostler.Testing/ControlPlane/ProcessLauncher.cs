using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ostler.Testing.ControlPlane;

/// <summary>Starts every child from one thread that lives as long as this process.</summary>
/// <remarks>The kernel delivers a child's "my parent died" signal when the *thread* that forked it ends. A component
/// started from a thread-pool thread would be killed at random minutes later, when the pool shrinks.</remarks>
internal static class ProcessLauncher
{
    private static readonly BlockingCollection<(ProcessStartInfo Info, TaskCompletionSource<Process> Started)> Requests = [];
    private static readonly Lazy<string?> Setpriv = new(() => Executables.FindOnPath("setpriv"));

    static ProcessLauncher() => new Thread(Run) { IsBackground = true, Name = "process launcher" }.Start();

    /// <summary>Starts a program that dies with this process, even when this one is killed; its output goes to a file.</summary>
    public static Task<Process> StartAsync(string program, IEnumerable<string> arguments, string logFile, string workingDirectory)
    {
        // The shell writes the log, not a pipe through us: what the program says last is in the file whoever dies first.
        var info = new ProcessStartInfo("/bin/sh") { WorkingDirectory = workingDirectory };
        foreach (var word in (string[])["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", logFile])
        {
            info.ArgumentList.Add(word);
        }

        if (Setpriv.Value is { } setpriv)
        {
            foreach (var word in (string[])[setpriv, "--pdeathsig", "KILL", "--"])
            {
                info.ArgumentList.Add(word);
            }
        }

        info.ArgumentList.Add(program);
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        return StartAsync(info);
    }

    public static Task<Process> StartAsync(ProcessStartInfo info)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Requests.Add((info, started));
        return started.Task;
    }

    private static void Run()
    {
        foreach (var (info, started) in Requests.GetConsumingEnumerable())
        {
            try
            {
                started.SetResult(Process.Start(info)
                    ?? throw new InvalidOperationException($"{info.FileName} did not start."));
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        }
    }
}
