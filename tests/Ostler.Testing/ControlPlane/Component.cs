using System.Diagnostics;

namespace Ostler.Testing.ControlPlane;

/// <summary>One program of the control plane: can be ended and started again with the same command line.</summary>
internal sealed class Component(string name, string program, IEnumerable<string> arguments, RunFolder folder) : IDisposable
{
    private static readonly TimeSpan EndGrace = TimeSpan.FromSeconds(10);
    private readonly string[] arguments = [.. arguments];
    private Process? _process;
    private ProcessIdentity _identity;

    public string Name => name;

    public string LogFile => folder.PathOf(name + ".log");

    public bool HasExited => _process is null || _process.HasExited;

    public async Task StartAsync()
    {
        _process?.Dispose();
        _process = await ProcessLauncher.StartAsync(program, arguments, LogFile, folder.FullPath).ConfigureAwait(false);
        if (ProcessIdentity.Find(_process.Id) is { } started)
        {
            _identity = started;
            folder.RecordComponent(name, started);
        }
    }

    /// <summary>Ends the program and waits until it is gone.</summary>
    /// <param name="graceful">Asked first, and killed after ten seconds; otherwise killed at once, as a crash would.</param>
    /// <param name="cancellationToken">Ends the wait, not the program.</param>
    public async Task StopAsync(bool graceful, CancellationToken cancellationToken)
    {
        if (_process is null || _process.HasExited)
        {
            return;
        }

        if (graceful)
        {
            _identity.RequestEnd();
            using var grace = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            grace.CancelAfter(EndGrace);
            try
            {
                await _process.WaitForExitAsync(grace.Token).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // It does not want to: killed below.
            }
        }

        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The last lines of the log, for a message to somebody who cannot reach this machine.</summary>
    public string Tail(int lines = 25)
    {
        if (!File.Exists(LogFile))
        {
            return "(no output)";
        }

        using var stream = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        var last = new Queue<string>(lines);
        while (reader.ReadLine() is { } line)
        {
            if (last.Count == lines)
            {
                last.Dequeue();
            }

            last.Enqueue(line);
        }

        return last.Count == 0 ? "(no output)" : string.Join('\n', last);
    }

    public void Dispose()
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                _process.Kill();
                _process.WaitForExit();
            }

            _process.Dispose();
            _process = null;
        }
    }
}
