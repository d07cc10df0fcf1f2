using System.Text;
using System.Threading.Channels;

namespace Ostler.Agent.Tests.Support;

/// <summary>The agent's log, in which a test can wait for a line.</summary>
internal sealed class LogWatch : TextWriter
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Gets every line as well.</summary>
    public TextWriter Echo { get; set; } = Null;

    public override void WriteLine(string? value)
    {
        Echo.WriteLine(value);
        _lines.Writer.TryWrite(value ?? "");
    }

    /// <summary>Comes back when an event with this reason is logged that no earlier call has passed over.</summary>
    public async Task LoggedAsync(string reason, CancellationToken cancellationToken)
    {
        while (!(await _lines.Reader.ReadAsync(cancellationToken)).Contains($" reason={reason} ", StringComparison.Ordinal))
        {
        }
    }
}
