using System.Security.Cryptography.X509Certificates;

namespace Ostler.Controller.Console.Access;

/// <summary>
/// A certificate in two files that somebody else renews (cert-manager, a mounted Secret). Read anew at most once a minute, when they
/// changed.
/// </summary>
internal sealed class CertificateFiles(string certificateFile, string keyFile, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private X509Certificate2? _current;
    private DateTime _written;
    private long _looked;

    /// <summary>The certificate of the day. When a renewed one cannot be read, half written perhaps, the former one goes on.</summary>
    /// <exception cref="Exception">The first one cannot be read.</exception>
    public X509Certificate2 Current()
    {
        lock (_lock)
        {
            if (_current is null || time.GetElapsedTime(_looked) >= LookAgain)
            {
                _looked = time.GetTimestamp();
                var written = File.GetLastWriteTimeUtc(certificateFile);
                if (_current is null || written != _written)
                {
                    (_current, _written) = (Read(), written);
                }
            }

            return _current;
        }
    }

    private X509Certificate2 Read()
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        }
        catch (Exception) when (_current is not null)
        {
            return _current;
        }
    }
}
