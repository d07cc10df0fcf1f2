using System.Globalization;

namespace Ostler.Testing.Hosts;

/// <summary>
/// Reads what the init and the stubs of a host tell: one line each, "BOOT VERB ARGUMENTS". A thread of its own,
/// because a read of a named pipe blocks, and twenty of them would starve the thread pool.
/// </summary>
internal sealed class HostEvents : IDisposable
{
    private const string Quit = "quit";

    private readonly string _file;
    private readonly Thread _thread;

    public HostEvents(string file, Action<int, string[]> received)
    {
        _file = file;
        // For both directions: opening never blocks, and the end of one writer is not the end of the stream.
        var pipe = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
        _thread = new Thread(() => Read(pipe, received)) { IsBackground = true, Name = "events of " + file };
        _thread.Start();
    }

    public void Dispose()
    {
        using (var pipe = new FileStream(_file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 1))
        {
            pipe.Write("\nquit\n"u8);
        }
        _thread.Join();
    }

    private static void Read(FileStream pipe, Action<int, string[]> received)
    {
        using var reader = new StreamReader(pipe);
        while (reader.ReadLine() is { } line && line != Quit)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 2 && int.TryParse(words[0], CultureInfo.InvariantCulture, out var boot))
            {
                received(boot, words[1..]);
            }
        }
    }
}
