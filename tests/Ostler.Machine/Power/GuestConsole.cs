using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Ostler.Testing.Waiting;

namespace Ostler.Machine.Power;

/// <summary>How a command in the guest ended, and all that it said.</summary>
internal sealed record GuestAnswer(int ExitCode, string Output);

/// <summary>The root shell on the machine's second serial port: see guest/base/usr/lib/machine/console. One command at a time.</summary>
internal sealed class GuestConsole : IDisposable
{
    private readonly Stream _port;
    private readonly IProgressSource _machine;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gone = new();
    private TaskCompletionSource<GuestAnswer>? _waiting;
    private int _number;

    /// <param name="port">The serial port.</param>
    /// <param name="machine">What the machine says elsewhere: as long as it says something new, a command may take its time.</param>
    public GuestConsole(Socket port, IProgressSource machine)
    {
        _machine = machine;
        _port = new NetworkStream(port, ownsSocket: true);
        Reading = ReadAsync();
    }

    /// <summary>Done when the machine is off.</summary>
    public Task Reading { get; }

    /// <summary>The ID of the boot, once there is a shell.</summary>
    public Task<string> Ready => _ready.Task;

    /// <summary>Runs a command line of bash.</summary>
    /// <exception cref="IOException">The machine went down.</exception>
    /// <exception cref="NoProgressException">It does not answer, and nothing new appears on the machine's serial port.</exception>
    public async Task<GuestAnswer> RunAsync(string command, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            await AnswerAsync("a shell in the machine", Ready, cancellationToken);
            var answer = new TaskCompletionSource<GuestAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting = answer;
            var line = string.Create(CultureInfo.InvariantCulture, $"{++_number} {Convert.ToBase64String(Encoding.UTF8.GetBytes(command))}\n");
            await _port.WriteAsync(Encoding.ASCII.GetBytes(line), cancellationToken);
            using var gone = _gone.Token.Register(() => answer.TrySetException(new IOException("The machine went down.")));
            return await AnswerAsync($"the answer to '{command}'", answer.Task, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _port.Dispose();
        _turn.Dispose();
    }

    private Task<T> AnswerAsync<T>(string awaited, Task<T> answer, CancellationToken cancellationToken) =>
        new ProgressWait().ForAsync(awaited, answer, _machine, cancellationToken);

    private async Task ReadAsync()
    {
        try
        {
            using var reader = new StreamReader(_port, Encoding.ASCII, leaveOpen: true);
            while (await reader.ReadLineAsync() is { } line)
            {
                switch (line.Trim().Split(' '))
                {
                    case ["ready", var boot]:
                        _ready.TrySetResult(boot);
                        break;
                    case ["answer", var number, var code, .. var said] when number == _number.ToString(CultureInfo.InvariantCulture):
                        var output = said is [{ Length: > 0 } text, ..] ? Encoding.UTF8.GetString(Convert.FromBase64String(text)) : "";
                        _waiting?.TrySetResult(new GuestAnswer(int.Parse(code, CultureInfo.InvariantCulture), output));
                        break;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Its end is the machine's.
        }

        await _gone.CancelAsync();
        _ready.TrySetException(new IOException("The machine went down."));
        _ = _ready.Task.Exception;
    }
}
