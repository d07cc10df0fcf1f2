using System.Globalization;
using System.Text;

namespace Ostler.Agent.Logging;

/// <summary>One line for each event, as <c>key=value</c>; the key <c>reason</c> has the same words as conditions and errors have.</summary>
internal sealed class AgentLog(TextWriter output, TimeProvider time)
{
    private readonly Lock _gate = new();

    public void Info(string reason, string message) => Write("info", reason, message);

    public void Warning(string reason, string message) => Write("warning", reason, message);

    public void Error(string reason, string message) => Write("error", reason, message);

    private void Write(string level, string reason, string message)
    {
        var line = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"time={time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} level={level} reason={reason} message=\"");
        foreach (var c in message)
        {
            // A host tool's words must not be able to forge a line.
            _ = c switch
            {
                '"' or '\\' => line.Append('\\').Append(c),
                < ' ' or '\x7f' => line.Append(' '),
                _ => line.Append(c),
            };
        }

        lock (_gate)
        {
            output.WriteLine(line.Append('"').ToString());
            output.Flush();
        }
    }
}
