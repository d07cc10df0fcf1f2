using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ostler.Pictures;

/// <summary>A shell in a terminal of a fixed size, in which commands are typed. Everything it shows is kept with its time.</summary>
internal sealed class TerminalRecording : IAsyncDisposable
{
    // With a colour that changes nothing: by it the prompt is told from what programs print.
    private const string Prompt = "\e[0m$ ";

    // Read as typing, and yet it takes no time that a reader waits for.
    private static readonly TimeSpan Keystroke = TimeSpan.FromMilliseconds(60);

    private readonly Process _shell;
    private readonly Task _reading;
    private readonly Lock _gate = new();
    private readonly List<(TimeSpan At, string Text)> _shown = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly (int Columns, int Rows) _size;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TerminalRecording(Process shell, (int Columns, int Rows) size)
    {
        (_shell, _size) = (shell, size);
        _reading = ReadAsync();
    }

    /// <summary>Starts a shell.</summary>
    /// <param name="size">Columns and rows of the terminal.</param>
    /// <param name="environment">What the shell knows besides this process's environment.</param>
    public static TerminalRecording Start((int Columns, int Rows) size, IReadOnlyDictionary<string, string> environment)
    {
        // Without readline: its escape sequences for pasting are not what a picture needs. A shell that runs a command removes PS1.
        var shell = string.Create(
            CultureInfo.InvariantCulture,
            $"stty cols {size.Columns} rows {size.Rows}; exec env 'PS1={Prompt}' bash --noprofile --norc --noediting -i");
        var start = new ProcessStartInfo("script", ["--quiet", "--flush", "--command", shell, "/dev/null"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        start.Environment["TERM"] = "xterm-256color";
        return new(Process.Start(start)!, size);
    }

    /// <summary>Types a command, and waits until the shell asks for the next one.</summary>
    public async Task RunAsync(string command, CancellationToken cancellationToken)
    {
        await UntilAsync(Asks, cancellationToken);
        foreach (var key in command)
        {
            await _shell.StandardInput.WriteAsync(key);
            await _shell.StandardInput.FlushAsync(cancellationToken);
            await Task.Delay(Keystroke, TimeProvider.System, cancellationToken);
        }

        await UntilAsync(() => Text().EndsWith(command, StringComparison.Ordinal), cancellationToken);
        await _shell.StandardInput.WriteAsync('\n');
        await _shell.StandardInput.FlushAsync(cancellationToken);
        await UntilAsync(Asks, cancellationToken);
    }

    /// <summary>Everything shown so far.</summary>
    public string Text()
    {
        lock (_gate)
        {
            return string.Concat(_shown.Select(event_ => event_.Text));
        }
    }

    /// <summary>Writes what was shown as an asciicast, version 2.</summary>
    /// <param name="file">The file.</param>
    /// <param name="speed">How much faster it plays than it happened.</param>
    public async Task SaveAsync(string file, double speed)
    {
        var header = JsonSerializer.Serialize(new { version = 2, width = _size.Columns, height = _size.Rows });
        string[] events;
        lock (_gate)
        {
            events = [.. _shown.Select(shown => JsonSerializer.Serialize(new object[] { shown.At.TotalSeconds / speed, "o", shown.Text }))];
        }

        await File.WriteAllLinesAsync(file, [header, .. events]);
    }

    public async ValueTask DisposeAsync()
    {
        _shell.Kill(entireProcessTree: true);
        await _shell.WaitForExitAsync();
        await _reading.ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _shell.Dispose();
    }

    private bool Asks() => Text().EndsWith(Prompt, StringComparison.Ordinal);

    private async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            var more = Volatile.Read(ref _more).Task;
            if (condition())
            {
                return;
            }

            if (_reading.IsCompleted)
            {
                throw new InvalidOperationException($"The shell ended. It showed:\n{Text()}");
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    private async Task ReadAsync()
    {
        var decoder = Encoding.UTF8.GetDecoder();
        var (bytes, characters) = (new byte[16384], new char[16384]);
        var stream = _shell.StandardOutput.BaseStream;
        while (await stream.ReadAsync(bytes) is > 0 and var read)
        {
            var text = new string(characters, 0, decoder.GetChars(bytes, 0, read, characters, 0));
            lock (_gate)
            {
                _shown.Add((_clock.Elapsed, text));
            }

            Interlocked.Exchange(ref _more, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }

        Volatile.Read(ref _more).TrySetResult();
    }
}
