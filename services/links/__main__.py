from services.links.app import main

main()
