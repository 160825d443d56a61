Console.WriteLine("larder 0.1.0");
