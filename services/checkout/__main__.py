from services.checkout.app import main

main()
